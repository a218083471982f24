// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// How HAProxy's commands name a server: `http-servers/id-7`.
struct ServerName: Hashable, Sendable, CustomStringConvertible {
    let metered: MeteredProtocol
    let node: Identifier

    init(_ metered: MeteredProtocol, _ node: Identifier) {
        self.metered = metered
        self.node = node
    }

    /// Reads the two columns of HAProxy's tables; nil for what is none of this driver's servers.
    init?(backend: some StringProtocol, server: some StringProtocol) {
        guard let metered = MeteredProtocol.allCases.first(where: { ProxyName($0).backend == backend }),
            server.hasPrefix("id-"), let node = try? Identifier(String(server.dropFirst("id-".count)))
        else { return nil }
        self.init(metered, node)
    }

    var description: String { "\(ProxyName(metered).backend)/id-\(node)" }
}
