// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The names of a load balancer's proxies in HAProxy, on which logs, counters and third-party tools depend.
///
/// `http-in` and `http-servers` without an id in the key; `http-web-in` and `http-web-servers` with the id `web`.
struct ProxyName: Hashable, Sendable {
    private static let frontendEnd = "-in"
    private static let backendEnd = "-servers"

    /// The load balancer.
    let key: LoadBalancerKey

    /// The front end of the statistics page, which belongs to no load balancer.
    static let statistics = "stats"

    init(_ key: LoadBalancerKey) { self.key = key }

    /// Parses the name of a front end; nil if it is not one of this driver's.
    init?(frontend: some StringProtocol) { self.init(frontend, Self.frontendEnd) }

    /// Parses the name of a default pool's back end; nil if it is not one of this driver's.
    init?(backend: some StringProtocol) { self.init(backend, Self.backendEnd) }

    private init?(_ name: some StringProtocol, _ end: String) {
        guard name.hasSuffix(end), let key = LoadBalancerKey(name: name.dropLast(end.count)) else { return nil }
        self.init(key)
    }

    /// The front end's name.
    var frontend: String { key.name + Self.frontendEnd }
    /// The name of the default pool's back end.
    var backend: String { key.name + Self.backendEnd }

    /// The name of a node's server in its back end.
    static func server(_ node: Node) -> String { "id-\(node.id)" }
}
