// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// Runs HAProxy itself: a master with its workers, nobody's child, that outlives the agent.
final class ProcessService: HAProxyService {
    /// How long things may take.
    struct Limits: Sendable {
        /// From starting HAProxy, or telling it to reload, until the new worker serves.
        var change = Duration.seconds(8)
        /// From the signal until all processes have ended.
        var stop = Duration.seconds(4)
        /// One answer to one command.
        var answer = Duration.seconds(2)
    }

    let configuration: HAProxyConfiguration
    let files: DeviceFiles
    let limits: Limits
    private let master: RuntimeSocket
    private let admin: RuntimeSocket
    /// The master that has answered last.
    private let known = Mutex<ProcessHandle?>(nil)

    init(_ configuration: HAProxyConfiguration, limits: Limits = Limits()) {
        self.configuration = configuration
        self.limits = limits
        files = DeviceFiles(configuration)
        master = RuntimeSocket(files.masterSocket)
        admin = RuntimeSocket(files.adminSocket)
    }

    func processes(by deadline: Deadline) throws(DriverError) -> ProcessTable? {
        while true {
            do throws(RuntimeSocket.Failure) {
                if let table = ProcessTable(try master.ask("show proc", by: deadline)) {
                    known.withLock { if $0?.processID != table.master { $0 = ProcessHandle(table.master) } }
                    return table
                }
            } catch {
                guard error == .absent else { throw error.described("HAProxy's master") }
                if unsafe access(files.masterSocket.string, F_OK) != 0 || knownHasEnded == true { return nil }
            }
            // While the master executes itself anew, it seems to be absent: for some 40 ms, and for two seconds where
            // it cannot listen on a port.
            if deadline.hasPassed {
                guard knownHasEnded == nil else { throw RuntimeSocket.Failure.silent.described("HAProxy's master") }
                // Left by a master that was killed while no agent was there. One that is alive makes it again.
                unsafe unlink(files.masterSocket.string)
                return nil
            }
            usleep(3000)
        }
    }

    /// Whether the master that has answered last has ended; nil where none has ever answered.
    private var knownHasEnded: Bool? {
        known.withLock { $0?.waitForEnd(by: .after(.zero)) }
    }

    func ask(_ command: String, worker: Int32?, by deadline: Deadline) throws(DriverError) -> String {
        do throws(RuntimeSocket.Failure) {
            // The master would take several commands in a line apart, and give the worker only the first of them.
            guard let worker else { return try admin.ask(command, by: deadline) }
            return try master.ask("@!\(worker) \(command)", by: deadline)
        } catch { throw error.described("HAProxy") }
    }

    func requestReload() {
        // It answers nothing before HAProxy 2.7, whatever happens.
        do throws(RuntimeSocket.Failure) { _ = try master.ask("reload", by: .after(limits.answer)) } catch {}
    }

    func stop() async throws(DriverError) {
        do throws(DriverError) { try terminate(by: .after(limits.stop)) } catch {
            // A master that does not answer cannot say which workers it has. They all end with it; and as it is held
            // since it answered, it is no other process. Where that one has ended, the silence is somebody else's.
            guard error.code == .timedOut, knownHasEnded == false, let handle = known.withLock({ $0 }) else {
                throw error
            }
            handle.send(SIGKILL)
            guard handle.waitForEnd(by: .after(.seconds(1))) else { throw error }
        }
        unsafe unlink(files.masterSocket.string)
        unsafe unlink(files.adminSocket.string)
    }

    private func terminate(by deadline: Deadline) throws(DriverError) {
        guard let table = try processes(by: deadline), let handle = ProcessHandle(table.master) else { return }
        let workers = ([table.worker].compactMap(\.self) + table.oldWorkers).compactMap(ProcessHandle.init)
        // Asked again, now that it is held: it is the same process, and not one that got its number since.
        guard try processes(by: deadline)?.master == table.master else {
            throw DriverError(.unavailable, "HAProxy was restarted by somebody else while it was to be stopped")
        }
        handle.send(SIGTERM)
        if !handle.waitForEnd(by: deadline) { handle.send(SIGKILL) }
        for worker in workers where !worker.waitForEnd(by: .after(.milliseconds(200))) {
            worker.send(SIGKILL)
            _ = worker.waitForEnd(by: .after(.seconds(1)))
        }
    }
}

extension RuntimeSocket.Failure {
    /// What it means for whoever asked for something.
    func described(_ who: String) -> DriverError {
        switch self {
        case .absent: DriverError(.notRunning, "\(who) does not run")
        case .silent: DriverError(.timedOut, "\(who) does not answer on its socket")
        case .system(let reason): DriverError(.unavailable, "\(who) cannot be asked: \(reason)")
        }
    }
}
