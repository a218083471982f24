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
    /// What its last check found, for a node that is down.
    public let reason: String?

    /// Since when it is up, down or disabled, as far as the driver knows.
    public let since: UTCTimestamp?

    /// Creates a status.
    public init(id: Identifier, state: State, reason: String? = nil, since: UTCTimestamp? = nil) {
        self.id = id
        self.state = state
        self.reason = reason
        self.since = since
    }
}
