// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestServers

/// Submits jobs one after the other, each to a chosen job server, and checks the replies; used on one thread.
///
/// Its connections go directly to the job servers: they end only if a job server ends or the client leaves.
final class JobClient {
    /// The result of a job.
    enum End {
        case passed([String: Any])
        case failed(String, [String: Any])
        case lost
        /// The client has left on purpose.
        case left
        /// The job could not be sent.
        case unsent
    }

    /// A finished job.
    struct Job {
        let server: Int
        let submitted: Double
        let ended: Double
        let end: End
    }

    private let context: ClientContext
    private let name: String
    private var connections: [Int: RawGearmanClient] = [:]

    init(_ context: ClientContext, name: String) {
        self.context = context
        self.name = name
    }

    /// Submits a job and waits for its end.
    ///
    /// - Parameters:
    ///   - excuses: The faults that may make the job fail, and for how many seconds afterwards.
    ///   - leaving: After how many seconds the client leaves; nil for a client that waits.
    func run(
        _ message: DeviceMessages.Message,
        on server: Int,
        excuses: Excuses = .device,
        leaving: Double? = nil
    ) -> Job {
        let submitted = context.chronicle.clock.now
        func ended(_ end: End) -> Job {
            let job = Job(server: server, submitted: submitted, ended: context.chronicle.clock.now, end: end)
            count(message.action, job)
            return job
        }
        guard let connection = connection(to: server) else { return ended(.unsent) }
        let end = connection.run(
            message.payload,
            function: context.function,
            unique: message.tag ?? context.nextTag(),
            until: .now + .seconds(leaving ?? context.limit)
        )
        let handle = connection.handle ?? "no handle"
        switch end {
        case .reply(let bytes):
            return ended(judge(message, bytes, handle, server, submitted, excuses))
        case .refused(let text):
            violate("\(message.action) \(handle) on gearmand \(server + 1): \(text)")
            connections[server] = nil
            return ended(.lost)
        case .lost:
            connections[server] = nil
            return ended(.lost)
        case .unanswered where leaving != nil:
            connection.close()
            connections[server] = nil
            return ended(.left)
        case .unanswered:
            violate("\(message.action) \(handle) on gearmand \(server + 1): no reply within \(context.limit) s")
            connections[server] = nil
            return ended(.lost)
        }
    }

    private func judge(
        _ message: DeviceMessages.Message,
        _ bytes: [UInt8],
        _ handle: String,
        _ server: Int,
        _ submitted: Double,
        _ excuses: Excuses
    ) -> End {
        let isDamaged = context.links[server].hasDamaged(handle)
        switch ReplyJudge.judge(message, reply: bytes, isDamaged: isDamaged) {
        case .passed(let reply):
            noteObjects(of: reply)
            return .passed(reply)
        case .failed(let error, let reply):
            noteObjects(of: reply)
            let isExcused =
                message.tag == nil || isDamaged && reply["tag"] == nil
                || excuses.cover(context.chronicle, from: submitted)
            if !isExcused { violate("\(message.action) \(handle) on gearmand \(server + 1) failed: \(error)") }
            return .failed(error, reply)
        case .wrong(let text):
            violate("\(message.action) \(handle) on gearmand \(server + 1): wrong reply: \(text)")
            return .lost
        }
    }

    /// If an object server is killed before it notifies the container server, no listing contains its object.
    private func noteObjects(of reply: [String: Any]) {
        let objects = reply["hpcs_archives"] as? [[String: Any]] ?? []
        let names = objects.compactMap { $0["object"] as? String }.map { name in
            name.split(separator: "/").dropFirst().joined(separator: "/")
        }
        context.archivedObjects.withLock { $0.formUnion(names) }
    }

    private func connection(to server: Int) -> RawGearmanClient? {
        if let known = connections[server], known.isOpen { return known }
        let new = try? RawGearmanClient(port: context.serverPorts[server])
        connections[server] = new
        return new
    }

    private func count(_ action: String, _ job: Job) {
        context.tally.count(action) { counts in
            switch job.end {
            case .passed: counts.passed += 1
            case .failed: counts.failed += 1
            case .lost: counts.lost += 1
            case .left: counts.left += 1
            case .unsent: counts.unsent += 1
            }
            counts.longest = max(counts.longest, job.ended - job.submitted)
        }
    }

    private func violate(_ text: String) { context.chronicle.violate("\(name): \(text)") }
}
