// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// Checks whether the device can connect from an address.
enum SourceProbe {
    /// Whether the system lets a socket have this address.
    static func isOwn(_ address: IPAddress) -> Bool {
        guard let binary = SocketAddress.binary(address) else { return false }
        guard let target = SocketAddress(binary, port: 0) else { return false }
        let descriptor = socket(target.family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return target.bind(descriptor) == 0
    }
}
