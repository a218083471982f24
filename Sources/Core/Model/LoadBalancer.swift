// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// One load balancer that a device is to be: an entry of an UPDATE's `loadbalancers`.
public struct LoadBalancer: Hashable, Sendable {
    /// What the control plane calls it, if it says.
    public let id: Identifier?
    /// What it speaks.
    public let `protocol`: ListenerProtocol
    /// The address to listen on; nil for all of the device's.
    public let address: IPAddress?
    /// The port to listen on.
    public let port: Port
    /// How it spreads its load.
    public let algorithm: BalancingAlgorithm
    /// How it watches its nodes.
    public let monitor: HealthMonitor
    /// Its time limits.
    public let options: ConnectionOptions
    /// Its nodes, in the message's order; there may be none.
    public let nodes: [Node]

    /// Creates a load balancer.
    ///
    /// - Throws: `InvalidValue`, where two nodes have one id, with `nodes[N].id` as its member.
    public init(
        id: Identifier? = nil,
        protocol: ListenerProtocol,
        address: IPAddress? = nil,
        port: Port,
        algorithm: BalancingAlgorithm = .roundRobin,
        monitor: HealthMonitor = .standard,
        options: ConnectionOptions = .standard,
        nodes: [Node]
    ) throws(InvalidValue) {
        try Self.requireUnique(nodes)
        self.id = id
        self.protocol = `protocol`
        self.address = address
        self.port = port
        self.algorithm = algorithm
        self.monitor = monitor
        self.options = options
        self.nodes = nodes
    }

    private static func requireUnique(_ nodes: [Node]) throws(InvalidValue) {
        guard !areInOrder(nodes) else { return }
        var seen: [Identifier: Int] = [:]
        seen.reserveCapacity(nodes.count)
        for (index, node) in nodes.enumerated() {
            if let first = seen.updateValue(index, forKey: node.id) {
                throw InvalidValue(
                    "is \(Excerpt.quote(node.id.description)), which nodes[\(first)] has already",
                    member: "nodes[\(index)].id"
                )
            }
        }
    }

    /// Whether each node's id comes after the previous node's, as in most messages.
    private static func areInOrder(_ nodes: [Node]) -> Bool {
        for index in nodes.indices.dropFirst() where !nodes[index - 1].id.isBefore(nodes[index].id) { return false }
        return true
    }
}
