// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// Queries the workers for the node states, on a dedicated thread: STATS never waits for a change.
actor StatusReader {
    /// The worker's answer.
    private struct Answer {
        let worker: WorkerInfo
        /// The rows by proxy and server name.
        var rows: [Substring: [Substring: StatisticsTable.Row]] = [:]
    }

    private let executor: ThreadExecutor
    private let admin: FilePath
    /// The next query, shared by all callers that arrive before it is sent.
    private var question: Task<Result<Answer, DriverError>, Never>?
    /// The worker that answered last.
    private let lastWorker = Mutex<ProxyStatus?>(nil)
    /// STATS is answered within a second.
    private static let timeout = Duration.milliseconds(800)
    /// A process that ends during a query may keep the connection open without an answer.
    private static let answerTimeout = Duration.milliseconds(300)
    /// With less time left, a missing answer would not prove that HAProxy is at fault.
    private static let leastTimeout = Duration.milliseconds(50)

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(_ adminSocket: FilePath) throws(ThreadError) {
        executor = try ThreadExecutor(name: "haproxy-status")
        admin = adminSocket
    }

    /// The HAProxy that answered last.
    nonisolated var proxyStatus: ProxyStatus? { lastWorker.withLock { $0 } }

    /// Asks HAProxy which worker runs, for at most 90 ms; if it does not answer, none is known.
    nonisolated func refresh() async {
        let answer = await answer(by: .after(.milliseconds(90)))
        if case .failure = answer { lastWorker.withLock { $0 = nil } }
    }

    /// Returns the device's status, with the states of the nodes in the message's order.
    ///
    /// The time limit starts here and not on the reader's thread, which other queries may keep busy.
    ///
    /// - Parameter state: Returns the committed state; during changes, it may differ at each call.
    /// - Throws: `DriverError` if HAProxy should serve but does not, or does not answer.
    nonisolated func status(
        isPausing: @Sendable () -> Bool = { false },
        of state: @Sendable () -> DeviceState
    ) async throws(DriverError) -> DeviceStatus {
        let deadline = Deadline.after(Self.timeout)
        var failure: DriverError?
        while true {
            let before = state()
            guard case .serving = before else { return Self.status(before, nil, true) ?? .notConfigured }
            do throws(DriverError) {
                let answer = try await answer(by: deadline).get()
                // During a change, HAProxy may be ahead of the state that was read before.
                let mayBeClosed = isPausing()
                if let status = Self.status(before, answer, mayBeClosed)
                    ?? Self.status(state(), answer, mayBeClosed)
                {
                    return status
                }
            } catch {
                guard error.code == .notRunning || error.code == .timedOut else { throw error }
                // A later error may only result from the short time left.
                if failure == nil { failure = error }
            }
            // HAProxy may be starting, ending or between two configurations: retry after a moment.
            do { try await Task.sleep(for: .milliseconds(20)) } catch {
                throw DriverError(.cancelled, "the agent is stopping")
            }
            guard deadline.leaves(Self.leastTimeout) else {
                throw failure ?? DriverError(.notRunning, "HAProxy does not serve what it should")
            }
        }
    }

    /// - Parameter mayBeClosed: Whether the front ends need not be open.
    /// - Returns: nil if HAProxy does not have one of the nodes, or does not listen.
    private static func status(_ state: DeviceState, _ answer: Answer?, _ mayBeClosed: Bool) -> DeviceStatus? {
        switch state {
        case .notConfigured: return .notConfigured
        case .deleted: return .deleted
        case .suspended: return .suspended
        case .serving(let served):
            guard let answer else { return nil }
            let rows = answer.rows
            var states: [NodeStatus] = []
            let now = UTCTimestamp.now
            for loadBalancer in served.set.loadBalancers {
                let frontend = ProxyName(loadBalancer.key).frontend
                guard mayBeClosed || rows[frontend[...]]?["FRONTEND"]?["status"] == "OPEN" else { return nil }
                for pool in loadBalancer.allPools {
                    let servers = rows[BackendName(loadBalancer.key, pool: pool.id).description[...]] ?? [:]
                    for node in pool.nodes {
                        guard let row = servers[ProxyName.server(node)[...]] else { return nil }
                        let status = NodeStatus(of: node, row, answer.worker, now: now)
                        states.append(status.of(loadBalancer, pool: pool.id))
                    }
                }
            }
            return .serving(states)
        }
    }

    /// All callers that wait for the thread share one query, so that a time-out of one does not delay the others.
    private func answer(by deadline: Deadline) async -> Result<Answer, DriverError> {
        if let question { return await question.value }
        let question = Task { ask(deadline) }
        self.question = question
        return await question.value
    }

    private func ask(_ deadline: Deadline) -> Result<Answer, DriverError> {
        // Later callers need an answer that is newer than their call.
        question = nil
        let text: String
        do throws(SocketFailure) {
            let end = Deadline.earlier(deadline, .after(Self.answerTimeout))
            // A persistent connection would keep an old worker from ending.
            text = try RuntimeConnection(admin, by: end).onlyAnswer(to: "show info; show stat -1 5 -1", by: end)
        } catch {
            return .failure(error.described("HAProxy"))
        }
        guard let start = text.firstRange(of: "# pxname"),
            let table = StatisticsTable(String(text[start.lowerBound...]))
        else {
            return .failure(DriverError(.unavailable, "HAProxy's statistics cannot be read"))
        }
        var answer = Answer(worker: WorkerInfo(text[..<start.lowerBound]))
        for row in table.rows { answer.rows[row["pxname"], default: [:]][row["svname"]] = row }
        lastWorker.withLock { $0 = ProxyStatus(answer.worker) }
        return .success(answer)
    }
}

extension ProxyStatus {
    /// The HAProxy that a worker belongs to; nil if the worker does not report its version.
    fileprivate init?(_ worker: WorkerInfo) {
        guard let version = worker.version else { return nil }
        // HAProxy counts whole seconds of a monotonic clock.
        let second = UTCTimestamp.now.microseconds / 1_000_000
        let since = worker.uptime.map { UTCTimestamp(microseconds: (second - $0) * 1_000_000) }
        self.init(name: "haproxy", version: version, since: since)
        processID = worker.processID
    }
}
