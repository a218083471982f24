// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The name of a server in HAProxy's commands: `http-servers/id-7`.
struct ServerName: Hashable, Sendable, CustomStringConvertible {
    let proxyKind: ProxyKind
    let node: Identifier

    init(_ proxyKind: ProxyKind, _ node: Identifier) {
        self.proxyKind = proxyKind
        self.node = node
    }

    /// Parses two columns of HAProxy's tables; nil if it is not one of this driver's servers.
    init?(backend: some StringProtocol, server: some StringProtocol) {
        guard let proxyKind = ProxyKind.allCases.first(where: { ProxyName($0).backend == backend }),
            server.hasPrefix("id-"), let node = try? Identifier(String(server.dropFirst("id-".count)))
        else { return nil }
        self.init(proxyKind, node)
    }

    var description: String { "\(ProxyName(proxyKind).backend)/id-\(node)" }
}
