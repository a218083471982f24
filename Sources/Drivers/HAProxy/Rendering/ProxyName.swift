// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The names of HAProxy's proxies, on which logs, counters and third-party tools depend.
struct ProxyName: Hashable, Sendable {
    /// The front end's name.
    let frontend: String
    /// The back end's name.
    let backend: String

    /// The front end of the statistics page, which belongs to no load balancer.
    static let statistics = "stats"

    init(_ proxyKind: ProxyKind) {
        frontend = "\(proxyKind.rawValue)-in"
        backend = "\(proxyKind.rawValue)-servers"
    }

    /// The name of a node's server in its back end.
    static func server(_ node: Node) -> String { "id-\(node.id)" }
}
