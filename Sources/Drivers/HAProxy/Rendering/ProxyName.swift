// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The names of HAProxy's proxies, which logs, counters and other people's tools are keyed on.
struct ProxyName: Hashable, Sendable {
    /// The front end's name.
    let frontend: String
    /// The back end's name.
    let backend: String

    /// The front end that shows the statistics, which is no load balancer's.
    static let statistics = "stats"

    init(_ metered: MeteredProtocol) {
        frontend = "\(metered.rawValue)-in"
        backend = "\(metered.rawValue)-servers"
    }

    /// The name of a node's server in its back end.
    static func server(_ node: Node) -> String { "id-\(node.id)" }
}
