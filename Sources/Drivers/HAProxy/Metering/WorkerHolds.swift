// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The workers that are held, and the way to ask each.
struct WorkerHolds {
    typealias Worker = UsageLedger.Worker

    private let service: any HAProxyService
    private let files: DeviceFiles
    private var holds: [Worker: WorkerHold] = [:]
    /// The master takes ten connections at a time, and then answers nobody else.
    private static let limitThroughMaster = 4

    init(_ service: any HAProxyService, _ files: DeviceFiles) {
        self.service = service
        self.files = files
    }

    /// Holds a worker where that can be done and is not yet.
    ///
    /// A worker is held while it is the current one; only the agent that starts beside old ones holds them by the master.
    mutating func hold(_ worker: Worker, isOld: Bool, by deadline: Deadline) {
        if holds[worker]?.isOpen == true { return }
        drop(worker)
        if !isOld {
            holds[worker] = WorkerHold(current: worker.processID, at: files.adminSocket, by: deadline)
        } else if holds.values.count(where: { !$0.isInteractive }) < Self.limitThroughMaster {
            holds[worker] = WorkerHold(old: worker.processID, through: files.masterSocket, by: deadline)
        }
    }

    /// Whether the worker cannot end before it is released.
    func isHeld(_ worker: Worker) -> Bool { holds[worker] != nil }

    /// Asks over the worker's own connection, or else by the service.
    ///
    /// - Throws: `DriverError` where there is no answer.
    mutating func ask(_ command: String, _ worker: Worker, by deadline: Deadline) throws(DriverError) -> String {
        if let hold = holds[worker], hold.isInteractive {
            do throws(RuntimeSocket.Failure) { return try hold.ask(command, by: deadline) } catch {
                drop(worker)
                if error == .silent { throw error.described("HAProxy") }
            }
        }
        return try service.ask(command, worker: worker.processID, by: deadline)
    }

    /// Tells a worker something for which HAProxy wants to hear first that it is meant, where that can be done.
    ///
    /// The service's ways take one command at a time.
    mutating func tell(_ command: String, _ worker: Worker, by deadline: Deadline) {
        guard let hold = holds[worker], hold.isInteractive else { return }
        do throws(RuntimeSocket.Failure) {
            _ = try hold.ask("experimental-mode on", by: deadline)
            _ = try hold.ask(command, by: deadline)
        } catch { drop(worker) }
    }

    /// Whether nothing but the meter keeps an old worker from ending.
    ///
    /// Asked before the counters: once it is true, they do not change any more.
    mutating func isFinished(_ worker: Worker, by deadline: Deadline) throws(DriverError) -> Bool {
        guard let hold = holds[worker] else { return false }
        // An HAProxy that does not tell is not held.
        guard let jobs = WorkerInfo(try ask("show info", worker, by: deadline)).jobs else { return true }
        return jobs <= hold.ownJobs
    }

    /// Lets workers end.
    mutating func release(where isReleased: (Worker) -> Bool) {
        for worker in holds.keys where isReleased(worker) { drop(worker) }
    }

    private mutating func drop(_ worker: Worker) { holds.removeValue(forKey: worker)?.release() }
}
