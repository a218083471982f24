// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A message that was taken: what its record begins with.
struct JobReceipt {
    let job: CurrentJob
    private let handle: String
    private let server: String?
    private let begin = UTCTimestamp.now
    private let instant = ContinuousClock.now

    init(_ context: any JobContext) {
        handle = context.handle
        server = context.server
        job = CurrentJob(handle: handle)
    }

    /// The record of the message, whose reply is ready now.
    func record(
        _ message: Message?,
        in document: JSONDocument? = nil,
        archived: [ArchivedObject] = [],
        failure: ActionFailure? = nil,
        isDryRun: Bool
    ) -> JobRecord {
        JobRecord(
            handle: handle,
            server: server,
            action: message?.action.kind,
            namedAction: message?.action.kind ?? document.flatMap(ActionKind.init(namedIn:)),
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

extension ActionKind {
    fileprivate init?(namedIn document: JSONDocument) {
        guard let name = document.root.string(of: "hpcs_action"), let kind = try? ActionKind(named: name) else {
            return nil
        }
        self = kind
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
