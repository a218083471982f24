// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestServers

/// The jobs, and the updates of the device's model for them.
extension JobClient {
    /// Submits a change.
    @discardableResult
    func change(
        _ change: DeviceModel.Change,
        _ message: DeviceMessages.Message,
        on server: Int,
        _ context: ClientContext
    ) -> Bool {
        let number = context.model.withLock { $0.begin(change) }
        let job = run(message, on: server)
        let end: DeviceModel.End =
            switch job.end {
            case .passed: .passed
            case .failed(_, let reply): wasHandedOutAgain(job, context, reply) ? .failedAgain : .failed
            case .lost, .left: .unknown
            // No byte of it was sent.
            case .unsent: .failed
            }
        context.model.withLock { $0.end(number, end) }
        if case .passed = job.end { return true }
        return false
    }

    /// Submits a STATS, and compares the reply with the possible states of the device.
    ///
    /// - Returns: The state in the reply; nil if there is none.
    @discardableResult
    func readStatistics(on server: Int, _ context: ClientContext) -> DeviceModel.State? {
        let number = context.model.withLock { $0.beginReading() }
        let job = run(context.messages.plain("STATS", tag: context.nextTag()), on: server)
        let possible = context.model.withLock { $0.endReading(number) }
        guard case .passed(let reply) = job.end, let served = ReplyJudge.served(reply) else { return nil }
        let found = possible.filter { state in
            state.isSuspended == served.isSuspended && (served.version == nil || served.version == state.version)
        }
        if found.isEmpty {
            let states = possible.map(\.description).sorted().joined(separator: ", ")
            let says = served.version.map { "UPDATE \($0)" } ?? "a suspension"
            context.chronicle.violate(
                "STATS on gearmand \(server + 1) reports \(says); possible are \(states)"
            )
        }
        return found.count == 1 ? found.first : nil
    }

    /// Submits a METRICS.
    ///
    /// - Parameter leaving: After how many seconds the client leaves; nil for a client that waits.
    /// - Returns: The reported bytes; nil if there are none.
    @discardableResult
    func readMetrics(on server: Int, leaving: Double? = nil, _ context: ClientContext) -> Int? {
        let job = run(
            context.messages.plain("METRICS", tag: context.nextTag()),
            on: server,
            excuses: .metrics(servers: context.serverPorts.indices),
            leaving: leaving
        )
        var attempt = MetricsAttempt(server: server, submitted: job.submitted, ended: job.ended)
        switch job.end {
        case .unsent: return nil
        case .lost: break
        case .left: attempt.left = job.ended
        case .failed: attempt.hasFailed = true
        case .passed(let reply):
            let clock = context.chronicle.clock
            guard let start = (reply["utc_start"] as? String).flatMap(clock.time),
                let end = (reply["utc_end"] as? String).flatMap(clock.time)
            else {
                context.chronicle.violate("METRICS has no times: \(reply)")
                break
            }
            var bytes: [String: Int] = [:]
            for entry in reply["loadBalancers"] as? [[String: Any]] ?? [] {
                bytes[entry["protocol"] as? String ?? "", default: 0] += entry["bytes_out"] as? Int ?? 0
            }
            attempt.report = (start, end, bytes)
        }
        context.metrics.withLock { $0.append(attempt) }
        return attempt.report.map { $0.bytes.values.reduce(0, +) }
    }

    /// Submits an ARCHIVE.
    @discardableResult
    func archive(to store: StoreSite, on server: Int, _ context: ClientContext) -> Bool {
        let message = context.messages.archive(
            endpoint: store.endpoint,
            token: store.token,
            container: StoreSite.container,
            tag: context.nextTag()
        )
        if case .passed = run(message, on: server, excuses: .archive).end { return true }
        return false
    }

    /// Whether a job server may have assigned the job more than once, or the agent could not revert a change.
    private func wasHandedOutAgain(_ job: Job, _ context: ClientContext, _ reply: [String: Any]) -> Bool {
        !context.chronicle.disturbances(
            of: [.server(job.server), .link(job.server), .agent, .haproxy],
            from: job.submitted - 1,
            to: job.ended,
            lag: 30
        ).isEmpty
    }
}
