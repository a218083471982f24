// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// The workers that are held, and the way to ask each.
struct WorkerHolds {
    typealias Worker = UsageLedger.Worker

    private let session: HAProxySession
    private let files: DeviceFiles
    private let descriptors: any DescriptorStore
    private var holds: [Worker: WorkerHold] = [:]
    /// Connections of an earlier agent that were not used yet.
    private var kept: [Worker: RuntimeConnection] = [:]
    /// The master takes ten connections at a time, and the agent needs some for its commands.
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

    /// HAProxy's processes; nil where it does not run.
    ///
    /// - Throws: `DriverError` where it does not answer.
    func processes(by deadline: Deadline) throws(DriverError) -> ProcessTable? {
        try session.processes(by: deadline)
    }

    /// Waits a moment for what HAProxy reports by no event.
    func pause() { session.pause() }

    /// Holds a worker where that can be done and is not yet.
    ///
    /// A worker is held from the time when it is the current one. An agent that finds old workers at its start holds them by
    /// the connections that the service manager has kept, and others through the master.
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

    /// Asks over the worker's own connection, or else through the master.
    ///
    /// - Throws: `DriverError` where there is no answer.
    mutating func ask(_ command: String, _ worker: Worker, by deadline: Deadline) throws(DriverError) -> String {
        if holds[worker]?.isInteractive == true {
            do throws(SocketFailure) {
                if let answer = try holds[worker]?.ask(command, by: deadline) { return answer }
            } catch {
                // The worker may be stopped, or the agent was: given up, it might end before its counters are read.
                if error == .silent { throw error.described("HAProxy") }
                drop(worker)
            }
        }
        return try session.askThroughMaster(command, of: worker.processID, by: deadline)
    }

    /// Gives a worker an experimental command, where it has a connection of its own.
    ///
    /// The master takes one command at a time.
    mutating func tell(_ command: String, _ worker: Worker, by deadline: Deadline) {
        guard holds[worker]?.isInteractive == true else { return }
        do throws(SocketFailure) {
            _ = try holds[worker]?.ask("experimental-mode on", by: deadline)
            _ = try holds[worker]?.ask(command, by: deadline)
        } catch { if error != .silent { drop(worker) } }
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
    /// How the names of connections to workers begin, which the service manager keeps.
    static let keptNamePrefix = "haproxy-worker-"

    /// The name under which the service manager keeps the connection to the worker.
    var keptName: String { "\(Self.keptNamePrefix)\(processID)-\(startTime)" }

    /// Reads a name.
    init?(keptName: String) {
        guard keptName.hasPrefix(Self.keptNamePrefix) else { return nil }
        let numbers = keptName.dropFirst(Self.keptNamePrefix.count).split(separator: "-")
        guard numbers.count == 2, let processID = Int32(numbers[0]), let startTime = UInt64(numbers[1]) else {
            return nil
        }
        self.init(processID: processID, startTime: startTime)
    }
}
