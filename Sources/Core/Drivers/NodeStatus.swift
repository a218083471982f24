// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How one node is.
public struct NodeStatus: Hashable, Sendable {
    /// The states of a node.
    public enum State: String, Sendable {
        /// It takes clients.
        case up = "UP"
        /// Its checks fail.
        case down = "DOWN"
        /// It is not to take any.
        case disabled = "DISABLED"
        /// It finishes those that it has.
        case draining = "DRAINING"
    }

    /// The node.
    public let id: Identifier
    /// Its state.
    public let state: State
    /// What its last check found, for a node that is down; for one that is up, why that is not known, such as that it was
    /// not checked yet, or that the proxy checks no nodes.
    public let reason: String?
    /// The protocol of the node's load balancer; nil where the driver does not say.
    public let listenerProtocol: ListenerProtocol?
    /// The id of the node's load balancer, where the UPDATE gives one.
    public let loadBalancer: Identifier?

    /// The reason of a node that is up because it was not checked yet.
    public static let notChecked = "not checked yet"

    /// Since when it is up, down or disabled, as far as the driver knows.
    public let since: UTCTimestamp?

    /// Creates a status.
    public init(
        id: Identifier,
        state: State,
        reason: String? = nil,
        since: UTCTimestamp? = nil,
        listenerProtocol: ListenerProtocol? = nil,
        loadBalancer: Identifier? = nil
    ) {
        self.id = id
        self.listenerProtocol = listenerProtocol
        self.loadBalancer = loadBalancer
        self.state = state
        self.reason = reason
        self.since = since
    }

    /// The same status, with the load balancer that the node belongs to.
    public func of(_ owner: LoadBalancer) -> NodeStatus {
        NodeStatus(
            id: id,
            state: state,
            reason: reason,
            since: since,
            listenerProtocol: owner.protocol,
            loadBalancer: owner.id
        )
    }
}
