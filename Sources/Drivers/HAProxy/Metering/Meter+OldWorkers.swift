// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCore
import SteelyardSystem

/// How workers that only finish what they have come to their end.
extension Meter {
    /// How long is waited for sessions that were shut down, and for a process that was told to end.
    private static let timeout = Duration.milliseconds(500)
    /// How long the workers that are ended may take to say what they have sent, all together.
    private static let lastWords = Duration.milliseconds(1500)

    /// Lets workers end that have nothing left to send.
    func letEnd(_ workers: Set<Worker>) {
        let handles = workers.compactMap { ProcessHandle($0.processID) }
        holds.release { workers.contains($0) }
        // It takes some five milliseconds; one that is seen again would be held again.
        let deadline = Deadline.after(.milliseconds(100))
        for handle in handles { _ = handle.waitForEnd(by: deadline) }
    }

    /// Ends the old workers that are too old, and the oldest of too many.
    func endSurplus(of old: [Worker]) {
        let ageEnd = ContinuousClock.now - oldWorkerLimits.age
        let surplus = old.sorted { $0.startTime < $1.startTime }.dropLast(oldWorkerLimits.count)
        let ending = old.filter { surplus.contains($0) || oldSince[$0].map { $0 < ageEnd } ?? false }
        guard !ending.isEmpty else { return }
        logger.notice("ending old workers of HAProxy's", metadata: [LogKeys.processID: "\(ending.map(\.processID))"])
        do throws(DriverError) { try end(ending.map(\.processID)) } catch {
            logger.warning("old workers cannot be ended", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Ends old workers: what they have with clients is broken off, their counters are read, and they are told to end.
    ///
    /// - Throws: `DriverError` where HAProxy does not say which workers are old.
    func end(_ processIDs: [Int32]) throws(DriverError) {
        let handles = processIDs.compactMap(ProcessHandle.init)
        // Asked now that they are held: they are the same processes, and none that got a number since.
        let still = try holds.processes(by: .after(.seconds(1)))?.oldWorkers ?? []
        let ending = handles.filter { still.contains($0.processID) }
        let workers = ending.compactMap { Worker($0.processID) }
        let lastWords = Deadline.after(Self.lastWords)
        // One that does not answer is ended all the same, and keeps the others waiting for a while only.
        var deadline: Deadline { .earlier(lastWords, .after(Self.timeout)) }
        for worker in workers {
            holds.hold(worker, isOld: true, by: deadline)
            // Clients that are connected and ask only now are sent away, and so need not be counted.
            holds.tell("set var proc.suspended bool(true)", worker, by: deadline)
        }
        breakOff(workers, by: deadline)
        for worker in workers { try? record(worker, deadline) }
        write(atOnce: true)
        for handle in ending { handle.send(SIGTERM) }
        let end = Deadline.after(Self.timeout)
        for handle in ending where !handle.waitForEnd(by: end) {
            handle.send(SIGKILL)
            _ = handle.waitForEnd(by: .after(Self.timeout))
        }
        holds.release { workers.contains($0) }
    }

    /// Shuts the sessions with clients down, and waits until they are: they are counted as they end.
    private func breakOff(_ workers: [Worker], by deadline: Deadline) {
        var left = workers
        while !left.isEmpty, !deadline.hasPassed {
            left = left.filter { worker in
                guard let answer = try? holds.ask("show sess", worker, by: deadline) else { return false }
                let sessions = ClientSessions(answer).names
                for name in sessions { _ = try? holds.ask("shutdown session \(name)", worker, by: deadline) }
                return !sessions.isEmpty
            }
            if !left.isEmpty { holds.pause() }
        }
    }
}

extension UsageLedger.Worker {
    /// The process of that number as it is now.
    ///
    /// - Returns: nil where it has ended.
    init?(_ processID: Int32) {
        guard let startTime = ProcessHandle.startTime(of: processID) else { return nil }
        self.init(processID: processID, startTime: startTime)
    }

    var hasEnded: Bool { ProcessHandle.startTime(of: processID) != startTime }
}
