// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The record of one message, from its receipt to its reply.
package struct JobRecord: Sendable {
    /// The job's handle at its job server.
    package let handle: String
    /// The job server, `HOST:PORT`; nil for a message that did not come from a job server.
    package let server: String?
    /// The message's action; nil if it could not be read.
    package let action: ActionKind?
    /// The ids of its load balancers, in order; empty for actions without load balancers.
    package let loadBalancers: [Identifier]
    /// The driver's plan for the change; nil if it reported none.
    package let plan: CurrentJob.Plan?
    /// The objects stored by an ARCHIVE.
    package let archived: [ArchivedObject]
    /// The reason for a failure; nil on success.
    package let failure: ActionFailure?
    /// Whether the change was only previewed.
    package let isDryRun: Bool
    /// When the agent received the message.
    package let begin: UTCTimestamp
    /// The time until the reply, including the wait for its turn.
    package let duration: Duration

    /// Whether the message requested a change of the device: UPDATE, SUSPEND, ENABLE or DELETE.
    package var isChange: Bool {
        switch action {
        case .update, .suspend, .enable, .delete: true
        case .stats, .metrics, .discover, .diagnostics, .archive, nil: false
        }
    }
}

/// Observes each message; called on any thread, and must not block.
package protocol JobObserver: Sendable {
    /// Called when a message is received.
    func jobBegan()
    /// Called when its reply is ready.
    func jobEnded(_ record: JobRecord)
}
