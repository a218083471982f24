// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// One message, from the moment when the agent took it to its reply.
package struct JobRecord: Sendable {
    /// The job's handle at its job server.
    package let handle: String
    /// The job server, `HOST:PORT`; nil for a message that came another way.
    package let server: String?
    /// What the message asked for; nil if it could not be read.
    package let action: ActionKind?
    /// What the message names in `hpcs_action`, also if the rest of it is not valid.
    package let namedAction: ActionKind?
    /// The ids of its load balancers, in their order; empty for actions that need none.
    package let loadBalancers: [Identifier]
    /// How the driver made the change; nil if it has reported no plan.
    package let plan: CurrentJob.Plan?
    /// The objects that an ARCHIVE has stored.
    package let archived: [ArchivedObject]
    /// Why it failed; nil if it passed.
    package let failure: ActionFailure?
    /// Whether the change was only previewed.
    package let isDryRun: Bool
    /// When the agent took it.
    package let begin: UTCTimestamp
    /// How long it took, waiting for its turn included.
    package let duration: Duration

    /// Whether it asked for a change of the device: an UPDATE, a SUSPEND, an ENABLE or a DELETE.
    package var isChange: Bool {
        switch action {
        case .update, .suspend, .enable, .delete: true
        case .stats, .metrics, .discover, .diagnostics, .archive, nil: false
        }
    }
}

/// Sees each message that the agent takes; called on any thread, and must not block.
package protocol JobObserver: Sendable {
    /// A message was taken.
    func jobBegan()
    /// Its reply is ready.
    func jobEnded(_ record: JobRecord)
}
