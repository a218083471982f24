// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The nodes that share a load balancer's clients, and how they are chosen, checked and reached.
///
/// Each load balancer has a default pool: its own fields `nodes`, `algorithm` and so on. Others are in its field `pools`.
public struct Pool: Hashable, Sendable {
    /// The id, unique in its load balancer; nil for the default pool.
    public let id: Identifier?
    /// The balancing algorithm.
    public let algorithm: BalancingAlgorithm
    /// The health check.
    public let monitor: HealthMonitor
    /// How a client stays with its node; nil for the protocol's default.
    public let persistence: SessionPersistence?
    /// The PROXY header that nodes and their checks receive, unless a node has its own; nil for none.
    public let proxyProtocol: ProxyProtocol?
    /// The nodes, in the message's order; may be empty.
    public let nodes: [Node]
    /// TLS to the nodes; nil for none.
    public private(set) var tls: PoolTLS?

    /// Creates a pool.
    ///
    /// - Throws: `InvalidValue` with the member `nodes[N].id` if two nodes have the same id, and with `tls_server_name`
    ///   if the certificate of a node is to be verified, and no name is known.
    public init(
        id: Identifier? = nil,
        algorithm: BalancingAlgorithm = .roundRobin,
        monitor: HealthMonitor = .standard,
        persistence: SessionPersistence? = nil,
        proxyProtocol: ProxyProtocol? = nil,
        nodes: [Node],
        tls: PoolTLS? = nil
    ) throws(InvalidValue) {
        try Self.requireUnique(nodes)
        if let tls { try tls.requireName(of: nodes) }
        self.id = id
        self.algorithm = algorithm
        self.monitor = monitor
        self.persistence = persistence
        self.proxyProtocol = proxyProtocol
        self.nodes = nodes
        self.tls = tls
    }

    /// Returns the same pool with other TLS.
    func with(_ tls: PoolTLS?) -> Pool {
        var copy = self
        copy.tls = tls
        return copy
    }

    private static func requireUnique(_ nodes: [Node]) throws(InvalidValue) {
        guard !areInOrder(nodes) else { return }
        var seen: [Identifier: Int] = [:]
        seen.reserveCapacity(nodes.count)
        for (index, node) in nodes.enumerated() {
            if let first = seen.updateValue(index, forKey: node.id) {
                throw InvalidValue(
                    "is \(Excerpt.quote(node.id.description)), the same as nodes[\(first)]",
                    member: "nodes[\(index)].id"
                )
            }
        }
    }

    /// Whether the node ids are in ascending order, as in most messages.
    private static func areInOrder(_ nodes: [Node]) -> Bool {
        for index in nodes.indices.dropFirst() where !nodes[index - 1].id.isBefore(nodes[index].id) { return false }
        return true
    }
}
