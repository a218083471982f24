// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Runs HAProxy itself: a master with its workers, nobody's child, that outlives the agent.
struct ProcessService: HAProxyService {
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

    init(_ configuration: HAProxyConfiguration, limits: Limits = Limits()) {
        self.configuration = configuration
        self.limits = limits
        files = DeviceFiles(configuration)
        master = RuntimeSocket(files.masterSocket)
        admin = RuntimeSocket(files.adminSocket)
    }

    func processes(by deadline: Deadline) throws(DriverError) -> ProcessTable? {
        // While the master executes itself anew, it seems to be absent for some 40 ms.
        for _ in 0..<40 where !deadline.hasPassed {
            do throws(RuntimeSocket.Failure) {
                if let table = ProcessTable(try master.ask("show proc", by: deadline)) { return table }
            } catch {
                guard error == .absent else { throw error.described("HAProxy's master") }
                if unsafe access(files.masterSocket.string, F_OK) != 0 { return nil }
            }
            usleep(5000)
        }
        return nil
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
        let deadline = Deadline.after(limits.stop)
        if let table = try processes(by: deadline), let handle = ProcessHandle(table.master) {
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
        unsafe unlink(files.masterSocket.string)
        unsafe unlink(files.adminSocket.string)
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
