// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A received message: the start of its record.
struct JobReceipt {
    let job: CurrentJob
    private let handle: String
    private let server: String?
    private let begin = UTCTimestamp.now
    private let instant = ContinuousClock.now

    init(_ context: any JobContext) {
        handle = context.handle
        server = context.server
        job = CurrentJob.current ?? CurrentJob(handle: handle)
    }

    /// Returns the record of the message; its reply is ready.
    func record(
        _ message: Message?,
        action: ActionKind? = nil,
        archived: [ArchivedObject] = [],
        failure: ActionFailure? = nil,
        isDryRun: Bool
    ) -> JobRecord {
        JobRecord(
            handle: handle,
            server: server,
            action: action ?? message?.action.kind,
            loadBalancers: message?.action.loadBalancers ?? [],
            plan: job.plan,
            archived: archived,
            failure: failure,
            isDryRun: isDryRun,
            begin: begin,
            duration: ContinuousClock.now - instant
        )
    }
}

extension Action {
    fileprivate var loadBalancers: [Identifier] {
        switch self {
        case .update(let set): set.loadBalancers.compactMap(\.id)
        case .archive(let request): request.items.map(\.id)
        case .suspend, .enable, .delete, .stats, .metrics, .discover, .diagnostics: []
        }
    }
}
