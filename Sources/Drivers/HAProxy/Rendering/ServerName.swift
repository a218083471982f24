// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The name of a server in HAProxy's commands: `http-servers/id-7`.
struct ServerName: Hashable, Sendable, CustomStringConvertible {
    let backend: BackendName
    let node: Identifier

    init(_ backend: BackendName, _ node: Identifier) {
        self.backend = backend
        self.node = node
    }

    /// Parses two columns of HAProxy's tables; nil if it is not one of this driver's servers.
    init?(backend: some StringProtocol, server: some StringProtocol) {
        guard let backend = BackendName(backend), server.hasPrefix("id-"),
            let node = try? Identifier(String(server.dropFirst("id-".count)))
        else { return nil }
        self.init(backend, node)
    }

    var description: String { "\(backend)/id-\(node)" }
}
