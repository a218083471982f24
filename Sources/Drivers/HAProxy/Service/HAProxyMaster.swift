// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// A running HAProxy as its sockets show it, whoever has started it: a master with its workers.
final class HAProxyMaster: HAProxyProcesses {
    private let path: FilePath
    private let master: RuntimeSocket
    private let admin: RuntimeSocket
    /// The master that has answered last, or that was found where none answers.
    private let known = Mutex<ProcessHandle?>(nil)

    init(_ files: DeviceFiles) {
        path = files.masterSocket
        master = RuntimeSocket(files.masterSocket)
        admin = RuntimeSocket(files.adminSocket)
    }

    /// The master that is known to run, answering or not.
    var living: ProcessHandle? {
        known.withLock { handle in
            handle.flatMap { $0.waitForEnd(by: .after(.zero)) ? nil : $0 }
        }
    }

    func processes(by deadline: Deadline) throws(DriverError) -> ProcessTable? {
        while true {
            do throws(RuntimeSocket.Failure) {
                if let table = ProcessTable(try master.ask("show proc", by: deadline)) {
                    known.withLock { if $0?.processID != table.master { $0 = ProcessHandle(table.master) } }
                    return table
                }
            } catch {
                if error != .absent {
                    findUnanswering()
                    throw error.described("HAProxy's master")
                }
                guard unsafe access(path.string, F_OK) == 0 else { return nil }
                findUnanswering()
                // The file is what a master has left that was killed.
                if living == nil { return nil }
            }
            // While the master executes itself anew, it seems to be absent: for some 40 ms, and for two seconds where
            // it cannot listen on a port.
            guard !deadline.hasPassed else { throw RuntimeSocket.Failure.silent.described("HAProxy's master") }
            usleep(1000)
        }
    }

    func ask(_ command: String, worker: Int32?, by deadline: Deadline) throws(DriverError) -> String {
        do throws(RuntimeSocket.Failure) {
            // The master would take several commands in a line apart, and give the worker only the first of them.
            guard let worker else { return try admin.ask(command, by: deadline) }
            return try master.ask("@!\(worker) \(command)", by: deadline)
        } catch { throw error.described("HAProxy") }
    }

    /// Tells the master to reload; whether it has, only its processes tell.
    func requestReload(by deadline: Deadline) {
        // It answers nothing before HAProxy 2.7, whatever happens.
        do throws(RuntimeSocket.Failure) { _ = try master.ask("reload", by: deadline) } catch {}
    }

    private func findUnanswering() {
        guard living == nil, let found = MasterSearch.find(listeningOn: path) else { return }
        known.withLock { $0 = found }
    }
}

extension RuntimeSocket.Failure {
    /// What it means for whoever asked for something.
    func described(_ who: String) -> DriverError {
        switch self {
        case .absent: DriverError(.notRunning, "\(who) does not run")
        case .silent: DriverError(.timedOut, "\(who) does not answer on its socket")
        case .system(.permissionDenied):
            DriverError(.unavailable, "\(who) cannot be asked: the agent's user may not use its socket")
        case .system(let reason): DriverError(.unavailable, "\(who) cannot be asked: \(reason)")
        }
    }
}
