// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says how a driver program breaks the protocol; nothing more that it sends can be trusted.
struct ProtocolFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the program did, as the end of a sentence that begins with "the driver program".
    let description: String

    init(_ description: String) { self.description = description }
}
