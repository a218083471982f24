// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An UPDATE's field that a driver rejects.
public struct LoadBalancerField: Hashable, Sendable {
    /// The load balancer's index in the list, from 0.
    public let loadBalancer: Int
    /// The node's index among the load balancer's nodes, from 0; nil for a field of the load balancer.
    public let node: Int?
    /// The field's name, such as `port`.
    public let name: String

    /// Creates a reference to a field.
    public init(loadBalancer: Int, node: Int? = nil, name: String) {
        self.loadBalancer = loadBalancer
        self.node = node
        self.name = name
    }

    /// Returns the field's path in the message.
    func path(listName: String) -> String {
        "\(listName)[\(loadBalancer)]" + (node.map { ".nodes[\($0)]" } ?? "") + ".\(name)"
    }
}
