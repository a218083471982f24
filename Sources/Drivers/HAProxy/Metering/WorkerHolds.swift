// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// The workers that are held, and a way to query each.
struct WorkerHolds {
    typealias Worker = UsageLedger.Worker

    private let session: HAProxySession
    private let files: DeviceFiles
    private let descriptors: any DescriptorStore
    private var holds: [Worker: WorkerHold] = [:]
    /// Connections of an earlier agent that are not in use yet.
    private var kept: [Worker: RuntimeConnection] = [:]
    /// The master accepts ten concurrent connections, and the agent needs some for its commands.
    private static let limitThroughMaster = 4

    init(_ files: DeviceFiles, _ descriptors: any DescriptorStore) {
        session = HAProxySession(files)
        self.files = files
        self.descriptors = descriptors
        for (name, descriptor) in descriptors.takeDescriptors(named: Worker.keptNamePrefix) {
            let connection = RuntimeConnection(connected: descriptor)
            guard let worker = Worker(keptName: name), !worker.hasEnded else {
                descriptors.discard(name)
                continue
            }
            kept[worker] = connection
        }
    }

    /// HAProxy's processes; nil if it does not run.
    ///
    /// - Throws: `DriverError` if it does not answer.
    func processes(by deadline: Deadline) throws(DriverError) -> ProcessTable? {
        try session.processes(by: deadline)
    }

    /// Waits briefly for a change that HAProxy does not report by an event.
    func pause() { session.pause() }

    /// Holds a worker if possible and not done yet.
    ///
    /// A worker is held from the time when it is the current one. An agent that finds old workers at its start holds
    /// them by the connections that the service manager has kept, or through the master.
    mutating func hold(_ worker: Worker, isOld: Bool, by deadline: Deadline) {
        if holds[worker]?.isOpen == true { return }
        if holds[worker] != nil { drop(worker) }
        if let connection = kept.removeValue(forKey: worker) {
            let hold = WorkerHold(kept: connection)
            if hold.isOpen {
                holds[worker] = hold
                return
            }
            connection.end()
            descriptors.discard(worker.keptName)
        }
        if !isOld {
            holds[worker] = WorkerHold(current: worker, at: files.adminSocket, by: deadline)
            holds[worker]?.keep(by: descriptors, as: worker.keptName)
        } else if holds.values.count(where: { !$0.isInteractive }) < Self.limitThroughMaster {
            holds[worker] = WorkerHold(old: worker, through: files.masterSocket, by: deadline)
        }
    }

    /// Whether the worker cannot end before it is released.
    func isHeld(_ worker: Worker) -> Bool { holds[worker] != nil }

    /// Sends a command over the worker's own connection, or through the master.
    ///
    /// - Throws: `DriverError` if there is no answer.
    mutating func ask(_ command: String, _ worker: Worker, by deadline: Deadline) throws(DriverError) -> String {
        if holds[worker]?.isInteractive == true {
            do throws(SocketFailure) {
                if let answer = try holds[worker]?.ask(command, by: deadline) { return answer }
            } catch {
                // The worker may be stopped, or the agent was: without the connection, it may end uncounted.
                if error == .silent { throw error.described("HAProxy") }
                drop(worker)
            }
        }
        return try session.askThroughMaster(command, of: worker.processID, by: deadline)
    }

    /// Sends an experimental command to a worker that has its own connection.
    ///
    /// The master accepts only one command at a time.
    mutating func tell(_ command: String, _ worker: Worker, by deadline: Deadline) {
        guard holds[worker]?.isInteractive == true else { return }
        do throws(SocketFailure) {
            _ = try holds[worker]?.ask("experimental-mode on", by: deadline)
            _ = try holds[worker]?.ask(command, by: deadline)
        } catch { if error != .silent { drop(worker) } }
    }

    /// Whether only the meter keeps an old worker from ending.
    ///
    /// Queried before the counters: once it is true, they no longer change.
    mutating func isFinished(_ worker: Worker, by deadline: Deadline) throws(DriverError) -> Bool {
        guard let hold = holds[worker] else { return false }
        // An HAProxy that does not report its jobs is not held.
        guard let jobs = WorkerInfo(try ask("show info", worker, by: deadline)).jobs else { return true }
        return jobs <= hold.ownJobs
    }

    /// Releases workers.
    mutating func release(where isReleased: (Worker) -> Bool) {
        for worker in Set(holds.keys).union(kept.keys) where isReleased(worker) { drop(worker) }
    }

    private mutating func drop(_ worker: Worker) {
        let hold = holds.removeValue(forKey: worker)
        hold?.release()
        let connection = kept.removeValue(forKey: worker)
        connection?.end()
        if connection != nil || hold?.isInteractive == true { descriptors.discard(worker.keptName) }
    }
}

extension UsageLedger.Worker {
    /// The prefix of the names under which the service manager keeps connections to workers.
    static let keptNamePrefix = "haproxy-worker-"

    /// The name under which the service manager keeps the connection to the worker.
    var keptName: String { "\(Self.keptNamePrefix)\(processID)-\(startTime)" }

    /// Parses a name.
    init?(keptName: String) {
        guard keptName.hasPrefix(Self.keptNamePrefix) else { return nil }
        let numbers = keptName.dropFirst(Self.keptNamePrefix.count).split(separator: "-")
        guard numbers.count == 2, let processID = Int32(numbers[0]), let startTime = UInt64(numbers[1]) else {
            return nil
        }
        self.init(processID: processID, startTime: startTime)
    }
}
