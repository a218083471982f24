// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// A persistent connection to the master and one to the current worker, reconnected when they are lost.
///
/// Each thread has its own session. Every call blocks until its deadline at most. The worker closes a connection that
/// was idle for ten seconds (`stats timeout`), so that no old worker waits for a session.
final class HAProxySession {
    /// The state of the master.
    enum Master {
        /// No process on this device is the master.
        case absent
        /// It runs but is not reachable: the file of its socket is missing or leads nowhere.
        case unreachable
        /// It answers.
        case running(ProcessTable)
    }

    private let files: DeviceFiles
    private var masterPath: FilePath { files.masterSocket }
    private var adminPath: FilePath { files.adminSocket }
    private var master: RuntimeConnection?
    private var worker: (processID: Int32, connection: RuntimeConnection)?
    private var known: ProcessHandle? { didSet { lastMaster = known?.processID ?? lastMaster } }
    /// The process ID of the last known master; it may have ended.
    private(set) var lastMaster: Int32?
    private var refusedSince: ContinuousClock.Instant?
    /// A master that cannot bind a port retries for two seconds, during which its socket refuses connections.
    private static let longestRefusal = Duration.seconds(4)
    /// A master that was not found for this long does not run.
    private static let shortestAbsence = Duration.milliseconds(20)
    /// A starting master binds its socket under a temporary name first.
    private static let longestBinding = Duration.milliseconds(250)

    init(_ files: DeviceFiles) {
        self.files = files
    }

    /// Queries the master for its processes.
    ///
    /// - Throws: `DriverError` if it runs but does not answer.
    func findMaster(by deadline: Deadline) throws(DriverError) -> Master {
        var absentSince: ContinuousClock.Instant?
        while true {
            do throws(SocketFailure) {
                if let table = try readProcesses(by: deadline) {
                    refusedSince = nil
                    // The next reload would close this connection, and no other could be opened.
                    return access(masterPath) ? .running(table) : .unreachable
                }
            } catch {
                guard error == .absent else { throw error.described("HAProxy's master") }
                guard let living = livingMaster else {
                    refusedSince = nil
                    // A master that re-executes itself has no arguments for a moment, and is not found.
                    let since = absentSince ?? .now
                    absentSince = since
                    let isCertain = .now - since > Self.shortestAbsence && !MasterSearch.isAnyStarting(files)
                    if isCertain || !access(masterPath) { return .absent }
                    guard !deadline.hasPassed else { throw SocketFailure.silent.described("HAProxy's master") }
                    pause()
                    continue
                }
                let since = refusedSince ?? .now
                refusedSince = since
                let time = .now - since
                if time > Self.longestRefusal
                    || time > Self.longestBinding && !access(masterPath) && MasterSearch.hasBound(masterPath, living)
                {
                    return .unreachable
                }
            }
            guard !deadline.hasPassed else { throw SocketFailure.silent.described("HAProxy's master") }
            pause()
        }
    }

    /// The processes of a master that answers; nil if HAProxy does not run.
    ///
    /// - Throws: `DriverError` if it runs but does not answer.
    func processes(by deadline: Deadline) throws(DriverError) -> ProcessTable? {
        switch try findMaster(by: deadline) {
        case .absent: return nil
        case .running(let table): return table
        case .unreachable: throw DriverError(.unavailable, "HAProxy runs, but its socket \(masterPath) is missing")
        }
    }

    /// The processes, from a single attempt; nil if the master does not answer at this moment.
    ///
    /// - Throws: `DriverError` if it hangs.
    func peekProcesses(by deadline: Deadline) throws(DriverError) -> ProcessTable? {
        do throws(SocketFailure) {
            return try readProcesses(by: deadline)
        } catch {
            guard error == .absent else { throw error.described("HAProxy's master") }
            return nil
        }
    }

    /// Whether the master's socket has a file.
    var hasMasterFile: Bool { access(masterPath) }

    /// Whether the workers' socket has a file.
    var hasAdminFile: Bool { access(adminPath) }

    /// The running master, even if it does not answer.
    var livingMaster: ProcessHandle? {
        if let known, !known.waitForEnd(by: .after(.zero)) { return known }
        known = MasterSearch.masters(files).first
        return known
    }

    /// Waits a millisecond, or less if the master ends, for a change that HAProxy does not report by an event.
    func pause() {
        let end = Deadline.after(.milliseconds(1))
        if known?.waitForEnd(by: end) ?? true { poll(nil, 0, end.milliseconds) }
    }

    /// Requests a reload; only the list of processes shows its result.
    func requestReload(by deadline: Deadline) {
        master = nil
        // HAProxy 2.6 closes the connection without an answer; 2.7 and later answer after the reload.
        do throws(SocketFailure) {
            _ = try RuntimeConnection(masterPath, by: deadline).onlyAnswer(to: "reload", by: deadline)
        } catch {}
    }

    /// Sends a command to the worker that accepts new connections.
    ///
    /// - Parameter processID: The worker that must answer; nil for any.
    /// - Throws: `DriverError` if there is no answer.
    func ask(_ command: String, from processID: Int32? = nil, by deadline: Deadline) throws(DriverError) -> String {
        // The worker may have closed an idle connection at this moment: a query can be repeated.
        let isReused = worker != nil
        do throws(DriverError) { return try askOnce(command, from: processID, by: deadline) } catch {
            guard isReused, error.code == .notRunning else { throw error }
            return try askOnce(command, from: processID, by: deadline)
        }
    }

    private func askOnce(_ command: String, from processID: Int32?, by deadline: Deadline) throws(DriverError) -> String
    {
        try onWorker(processID, by: deadline) { (connection) throws(SocketFailure) in
            try connection.answer(to: command, until: .worker, by: deadline)
        }
    }

    /// Sends several commands at once to the worker that accepts new connections.
    ///
    /// - Returns: Their answers, without trailing empty lines.
    /// - Throws: `DriverError` if there is no answer.
    func ask(_ commands: [String], by deadline: Deadline) throws(DriverError) -> [Substring] {
        try onWorker(nil, by: deadline) { (connection) throws(SocketFailure) in
            try connection.send(commands.joined(separator: "\n") + "\n", by: deadline)
            return try connection.readAnswers(commands.count, by: deadline)
        }
    }

    private func onWorker<Answer>(
        _ processID: Int32?,
        by deadline: Deadline,
        _ body: (RuntimeConnection) throws(SocketFailure) -> Answer
    ) throws(DriverError) -> Answer {
        do throws(SocketFailure) {
            let connection = try connectWorker(processID, by: deadline)
            do throws(SocketFailure) { return try body(connection) } catch {
                worker = nil
                throw error
            }
        } catch { throw error.described("HAProxy") }
    }

    /// Sends a command to a worker through the master, over a separate connection.
    ///
    /// - Parameter command: One command; the master would take others on the line for its own.
    /// - Throws: `DriverError` if there is no answer.
    func askThroughMaster(_ command: String, of worker: Int32, by deadline: Deadline) throws(DriverError) -> String {
        do throws(SocketFailure) {
            return try RuntimeConnection(masterPath, by: deadline).onlyAnswer(
                to: "@!\(worker) \(command)",
                by: deadline
            )
        } catch { throw error.described("HAProxy") }
    }

    /// The process ID of the worker that answers on the workers' socket.
    ///
    /// - Throws: `DriverError` if none does.
    func answeringWorker(by deadline: Deadline) throws(DriverError) -> Int32 {
        worker = nil
        do throws(SocketFailure) {
            _ = try connectWorker(nil, by: deadline)
            return worker?.processID ?? 0
        } catch { throw error.described("HAProxy") }
    }

    /// Removes the worker's connection from the session, for a worker that a reload makes an old one.
    func takeWorkerConnection() -> RuntimeConnection? {
        defer { worker = nil }
        return worker?.connection
    }

    private func readProcesses(by deadline: Deadline) throws(SocketFailure) -> ProcessTable? {
        guard let table = ProcessTable(try askMaster("show proc", by: deadline)) else { return nil }
        if known?.processID != table.master { known = ProcessHandle(table.master) }
        return table
    }

    private func askMaster(_ command: String, by deadline: Deadline) throws(SocketFailure) -> String {
        if let connection = master, connection.isQuiet {
            do throws(SocketFailure) { return try connection.answer(to: command, until: .master, by: deadline) } catch {
                master = nil
                if error != .absent { throw error }
            }
        }
        master = nil
        let connection = try RuntimeConnection(masterPath, by: deadline)
        _ = try connection.answer(to: "prompt", until: .master, by: deadline)
        let answer = try connection.answer(to: command, until: .master, by: deadline)
        master = connection
        return answer
    }

    private func connectWorker(_ wanted: Int32?, by deadline: Deadline) throws(SocketFailure) -> RuntimeConnection {
        while true {
            if let worker, worker.processID == wanted ?? worker.processID, worker.connection.isQuiet {
                return worker.connection
            }
            worker = nil
            let connection = try RuntimeConnection(adminPath, by: deadline)
            _ = try connection.answer(to: "prompt", until: .worker, by: deadline)
            let info = WorkerInfo(try connection.answer(to: "show info", until: .worker, by: deadline))
            worker = (info.processID ?? 0, connection)
            guard let wanted, info.processID != wanted else { return connection }
            // For a moment after a reload, the old worker still accepts connections.
            guard !deadline.hasPassed else { throw .silent }
            pause()
        }
    }

    private func access(_ path: FilePath) -> Bool { unsafe Glibc.access(path.string, F_OK) == 0 }
}
