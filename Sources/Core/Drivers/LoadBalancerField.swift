// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An UPDATE's field that a driver rejects.
public struct LoadBalancerField: Hashable, Sendable {
    /// The load balancer's index in the list, from 0.
    public let loadBalancer: Int
    /// The pool's index among the load balancer's `pools`, from 0; nil for the load balancer and its default pool.
    public let pool: Int?
    /// The node's index among the nodes, from 0; nil for a field of the load balancer or pool.
    public let node: Int?
    /// The field's name, such as `port`.
    public let name: String

    /// Creates a reference to a field.
    public init(loadBalancer: Int, pool: Int? = nil, node: Int? = nil, name: String) {
        self.loadBalancer = loadBalancer
        self.pool = pool
        self.node = node
        self.name = name
    }

    /// Returns the field's path in the message.
    func path(listName: String) -> String {
        "\(listName)[\(loadBalancer)]" + (pool.map { ".pools[\($0)]" } ?? "") + (node.map { ".nodes[\($0)]" } ?? "")
            + ".\(name)"
    }
}
