// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCore
import SteelyardSystem

/// Ends old workers.
extension Meter {
    /// The time limit for sessions after their shutdown, and for a process after SIGTERM.
    private static let timeout = Duration.milliseconds(500)
    /// The time limit for reading the final counters of all workers that are ended.
    private static let lastWords = Duration.milliseconds(1500)

    /// Releases workers that have nothing left to send.
    func letEnd(_ workers: Set<Worker>) {
        let handles = workers.compactMap { ProcessHandle($0.processID) }
        holds.release { workers.contains($0) }
        // It takes some 5 ms; a worker that is still found would be held again.
        let deadline = Deadline.after(.milliseconds(100))
        for handle in handles { _ = handle.waitForEnd(by: deadline) }
    }

    /// Ends workers above the age limit, and the oldest above the count limit.
    func endSurplus(of old: [Worker]) {
        let ageEnd = ContinuousClock.now - oldWorkerLimits.age
        let surplus = old.sorted { $0.startTime < $1.startTime }.dropLast(oldWorkerLimits.count)
        let ending = old.filter { surplus.contains($0) || oldSince[$0].map { $0 < ageEnd } ?? false }
        guard !ending.isEmpty else { return }
        logger.notice("ending old HAProxy workers", metadata: [LogKeys.processID: "\(ending.map(\.processID))"])
        do throws(DriverError) { try end(ending.map(\.processID)) } catch {
            logger.warning("cannot end old workers", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Ends old workers: shuts their client sessions down, reads their counters and terminates them.
    ///
    /// - Throws: `DriverError` if HAProxy does not report its old workers.
    func end(_ processIDs: [Int32]) throws(DriverError) {
        let handles = processIDs.compactMap(ProcessHandle.init)
        // Queried after the handles are open: the process IDs cannot have been reused.
        let still = try holds.processes(by: .after(.seconds(1)))?.oldWorkers ?? []
        let ending = handles.filter { still.contains($0.processID) }
        let workers = ending.compactMap { Worker($0.processID) }
        let lastWords = Deadline.after(Self.lastWords)
        // A worker that does not answer is ended anyway, and delays the others only briefly.
        var deadline: Deadline { .earlier(lastWords, .after(Self.timeout)) }
        for worker in workers {
            holds.hold(worker, isOld: true, by: deadline)
            // Requests of connected clients are refused from here on, and so need not be counted.
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

    /// Shuts client sessions down, and waits until they have ended: HAProxy counts their bytes at the end.
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
    /// The process with this ID.
    ///
    /// - Returns: nil if it has ended.
    init?(_ processID: Int32) {
        guard let startTime = ProcessHandle.startTime(of: processID) else { return nil }
        self.init(processID: processID, startTime: startTime)
    }

    var hasEnded: Bool { ProcessHandle.startTime(of: processID) != startTime }
}
