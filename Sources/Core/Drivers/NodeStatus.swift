// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The status of one node.
public struct NodeStatus: Hashable, Sendable {
    /// The states of a node.
    public enum State: String, Sendable {
        /// It accepts clients.
        case up = "UP"
        /// Its checks fail.
        case down = "DOWN"
        /// It is disabled.
        case disabled = "DISABLED"
        /// It accepts no new connections and finishes the open ones.
        case draining = "DRAINING"
    }

    /// The node's id.
    public let id: Identifier
    /// The node's state.
    public let state: State
    /// The result of the last check for a node that is down; for a node that is up without a check, why it was not
    /// checked.
    public let reason: String?
    /// The protocol of the node's load balancer; nil if the driver does not report it.
    public let listenerProtocol: ListenerProtocol?
    /// The id of the node's load balancer, if the UPDATE contains one.
    public let loadBalancer: Identifier?

    /// The id of the node's pool; nil for the default pool.
    public let pool: Identifier?

    /// The reason for a node that is up because it was not checked yet.
    public static let notChecked = "not checked yet"

    /// When its state last changed, as far as the driver knows.
    public let since: UTCTimestamp?

    /// Creates a status.
    public init(
        id: Identifier,
        state: State,
        reason: String? = nil,
        since: UTCTimestamp? = nil,
        listenerProtocol: ListenerProtocol? = nil,
        loadBalancer: Identifier? = nil,
        pool: Identifier? = nil
    ) {
        self.id = id
        self.listenerProtocol = listenerProtocol
        self.loadBalancer = loadBalancer
        self.pool = pool
        self.state = state
        self.reason = reason
        self.since = since
    }

    /// Returns the same status with the load balancer of the node.
    public func of(_ owner: LoadBalancer, pool: Identifier? = nil) -> NodeStatus {
        NodeStatus(
            id: id,
            state: state,
            reason: reason,
            since: since,
            listenerProtocol: owner.protocol,
            loadBalancer: owner.id,
            pool: pool
        )
    }
}
