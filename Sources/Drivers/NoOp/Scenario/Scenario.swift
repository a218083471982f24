// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The faults of a simulated device, as a scenario file describes them.
struct Scenario: Hashable, Sendable {
    /// The states of nodes; the first rule that matches a node counts.
    var nodes: [NodeRule] = []
    /// The messages that fail; the first rule that matches a message counts.
    var failures: [FailureRule] = []
    /// The messages that take long; the first rule that matches a message counts.
    var delays: [DelayRule] = []
    /// The bytes that are sent to clients; the first rule that matches a load balancer counts.
    var bytes: [BytesRule] = []

    /// A rule for the state of nodes.
    struct NodeRule: Hashable, Sendable {
        /// The node's id; nil for any.
        let id: Identifier?
        /// The node's address; nil for any.
        let address: HostAddress?
        /// The id of the node's load balancer; nil for any, and for none.
        let loadBalancer: Identifier?
        let state: NodeStatus.State
        let reason: String?
        /// For which STATS the rule holds.
        let span: RuleSpan

        func matches(_ node: Node, of owner: LoadBalancer) -> Bool {
            (id == nil || id == node.id) && (address == nil || address == node.address)
                && (loadBalancer == nil || loadBalancer == owner.id)
        }
    }

    /// A rule for messages that fail.
    struct FailureRule: Hashable, Sendable {
        let error: DriverError
        /// For which messages the rule holds.
        let span: RuleSpan
        /// The action; nil for any.
        let action: ActionKind?
    }

    /// A rule for messages that take long.
    struct DelayRule: Hashable, Sendable {
        let milliseconds: Int
        /// For which messages the rule holds.
        let span: RuleSpan
        /// The action; nil for any.
        let action: ActionKind?
    }

    /// A rule for the bytes of load balancers.
    struct BytesRule: Hashable, Sendable {
        /// How many bytes are sent to clients.
        enum Amount: Hashable, Sendable {
            case perSecond(Int)
            case perReport(Int)
        }

        /// The load balancer's id; nil for any, and for none.
        let loadBalancer: Identifier?
        /// The load balancer's protocol; nil for any.
        let listenerProtocol: ListenerProtocol?
        let amount: Amount
        /// For which METRICS the rule holds.
        let span: RuleSpan

        func matches(_ owner: LoadBalancer) -> Bool {
            (loadBalancer == nil || loadBalancer == owner.id)
                && (listenerProtocol == nil || listenerProtocol == owner.protocol)
        }
    }
}

/// For which of the messages that a rule is about it holds: it leaves some out, and then holds for some, or for all.
struct RuleSpan: Hashable, Sendable {
    /// How many messages come before the first one that the rule holds for.
    var after = 0
    /// For how many messages the rule holds; nil for all that follow.
    var times: Int?

    /// Whether the rule holds for a message.
    ///
    /// - Parameter number: The number of the message, from 1.
    func holds(for number: Int) -> Bool {
        number > after && times.map { number - after <= $0 } ?? true
    }
}
