// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The result of a message: the reply, and the work to do after its delivery.
package struct Outcome: Sendable {
    /// The reply.
    package let reply: Reply
    /// Commits data that requires the delivery of the reply; nil if there is none.
    ///
    /// Others may wait for it: call it, or release the outcome.
    package let delivered: (@Sendable () async -> Void)?

    /// Whether the action has changed the device or archived its logs, so that it should not be repeated.
    package let hasEffect: Bool

    package init(_ reply: Reply, hasEffect: Bool = false, delivered: (@Sendable () async -> Void)? = nil) {
        self.reply = reply
        self.hasEffect = hasEffect
        self.delivered = delivered
    }
}
