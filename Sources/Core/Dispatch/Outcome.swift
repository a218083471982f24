// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What became of a message: the reply, and what is to be done once the reply has been delivered.
package struct Outcome: Sendable {
    /// The reply.
    package let reply: Reply
    /// Commits what may only be committed when the control plane has the reply; nil where there is nothing.
    ///
    /// Others may be waiting for it: call it, or let go of the outcome.
    package let delivered: (@Sendable () async -> Void)?

    /// Whether the action has changed the device or shipped its logs, so that it is better not repeated.
    package let hasEffect: Bool

    package init(_ reply: Reply, hasEffect: Bool = false, delivered: (@Sendable () async -> Void)? = nil) {
        self.reply = reply
        self.hasEffect = hasEffect
        self.delivered = delivered
    }
}
