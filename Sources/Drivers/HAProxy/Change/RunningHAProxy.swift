// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// The state in which HAProxy was found.
enum Observation {
    /// None runs.
    case absent
    /// HAProxy runs but can no longer be controlled: the file of one of its sockets is missing.
    case uncontrolled(ReloadReason)
    /// One runs and answers.
    case running(Snapshot)

    var snapshot: Snapshot? { if case .running(let snapshot) = self { snapshot } else { nil } }
}

/// This device's HAProxy: observes it and changes its configuration.
final class RunningHAProxy {
    /// Internal for the extension with certificates.
    let session: HAProxySession
    private let service: any HAProxyService
    private let files: DeviceFiles
    let keys: KeyFolder
    private let ends: EndCount
    private let onStep: @Sendable (ChangeStep) -> Void
    /// The worker that is known to serve the configuration that the agent loaded.
    private var confirmedWorker: Int32?
    private var retired = RetiredServers()
    /// The last spelling of the workers' socket; starts at random, because an earlier agent may have used any of them.
    private var spelling = Int.random(in: 0..<6)
    /// The time limit for all answers of one step.
    private static let stepTimeout = Duration.seconds(4)

    init(
        _ service: any HAProxyService,
        _ files: DeviceFiles,
        _ keys: KeyFolder,
        _ ends: EndCount,
        onStep: @escaping @Sendable (ChangeStep) -> Void
    ) {
        self.ends = ends
        session = HAProxySession(files)
        self.service = service
        self.files = files
        self.keys = keys
        self.onStep = onStep
    }

    /// The running master, even if it does not answer.
    var master: ProcessHandle? { session.livingMaster }

    /// Reports that the known master has ended.
    func reportEnd(_ logger: Logger) {
        if let known = session.lastMaster { ends.report(known, service.lastWords, logger) }
    }

    /// Observes HAProxy without its servers.
    ///
    /// - Throws: `DriverError` if it runs but does not answer.
    func observe(by deadline: Deadline) throws(DriverError) -> Observation {
        switch try session.findMaster(by: deadline) {
        case .absent: return .absent
        case .unreachable: return .uncontrolled(.masterSocketLost)
        case .running(let table):
            let snapshot = try session.snapshot(table, by: deadline)
            return snapshot.isSocketLost ? .uncontrolled(.adminSocketLost) : .running(snapshot)
        }
    }

    /// Finds the plan from the running configuration to the wanted one.
    ///
    /// - Parameters:
    ///   - loaded: The configuration that HAProxy loaded, with all changes since; nil if it is unknown.
    ///   - observation: Receives the servers if the plan depends on them.
    func plan(
        to wanted: RenderedConfiguration,
        from loaded: RenderedConfiguration?,
        _ observation: inout Observation,
        by deadline: Deadline
    ) throws(DriverError) -> ChangePlan {
        switch observation {
        case .absent: return .start
        case .uncontrolled(let reason): return .restart([reason])
        case .running(var snapshot):
            guard let loaded else { return .reload([.unknownConfiguration]) }
            if loaded.structure == wanted.structure {
                snapshot.servers = try session.servers(by: deadline)
                observation = .running(snapshot)
            }
            let state = RunningState(
                configuration: loaded,
                servers: snapshot.servers?.servers ?? [],
                misplacedFrontends: snapshot.misplacedFrontends(of: loaded.set, isSuspended: loaded.isSuspended),
                hasDisabledFrontends: snapshot.frontends.count < loaded.set.loadBalancers.count,
                certificateFaults: loaded.structure == wanted.structure
                    ? try certificateFaults(in: loaded.certificates, by: deadline) : [:]
            )
            return ChangePlan(from: state, to: wanted, removed: retired.servers)
        }
    }

    /// Whether the current worker is the one that this agent loaded.
    func isConfirmed(_ snapshot: Snapshot) -> Bool { snapshot.processes.worker == confirmedWorker }

    /// Whether the current worker has these networks in its lists: another program may have reloaded HAProxy while a file
    /// had other content.
    ///
    /// - Throws: `DriverError` if HAProxy does not answer.
    func holds(_ lists: [NetworkList], _ snapshot: Snapshot) throws(DriverError) -> Bool {
        guard !isConfirmed(snapshot) else { return true }
        return try session.holds(lists, by: .after(Self.stepTimeout))
    }

    /// Records that the current worker has loaded the file on disk.
    func confirm(_ snapshot: Snapshot) { confirmedWorker = snapshot.processes.worker }

    /// Changes HAProxy without a reload, and marks the beginning and the end of the change.
    ///
    /// - Parameter known: The servers that HAProxy has, as rendered.
    /// - Throws: `DriverError`; some of the changes may have been made.
    func perform(
        _ changes: [RuntimeChange],
        to rendered: RenderedConfiguration,
        from known: [ProxyServer],
        _ snapshot: Snapshot
    ) throws(DriverError) {
        let deadline = Deadline.after(Self.stepTimeout)
        if !changes.isEmpty {
            let removed = Set(changes.compactMap(\.removed))
            for name in removed { retired.retire(name, nil) }
            for server in known where removed.contains(server.name) { retired.retire(server.name, server) }
            let lists = try session.prepare(changes.compactMap(\.list), by: deadline)
            try session.perform(RuntimeMark.changing.commands + changes.flatMap(\.commands) + lists, by: deadline)
            try change(changes.compactMap(\.certificate), of: rendered)
            onStep(.begun)
            for case .restore(let server) in changes { retired.forget(server.name) }
        }
        try session.perform(RuntimeMark.serving(rendered.fingerprint).commands, by: deadline)
        // Another program may have reloaded HAProxy: the commands then went to a worker that is ending.
        guard try session.processes(by: deadline)?.worker == snapshot.processes.worker else {
            throw DriverError(.unavailable, "another program reloaded HAProxy during the change")
        }
        onStep(.changed)
    }

    /// Makes HAProxy load the file on disk: by a reload, a start, or a restart.
    ///
    /// - Parameters:
    ///   - observation: The state in which HAProxy was found.
    ///   - states: The server states for a new worker.
    ///   - limit: The time limit for a start.
    /// - Throws: `DriverError`.
    func serve(
        _ rendered: RenderedConfiguration,
        _ observation: Observation,
        carrying states: @autoclosure () -> String,
        within limit: Duration = ServiceLimits().change
    ) async throws(DriverError) {
        if case .running = observation {
            try writeStatesUnlessFull(states())
            // A later start without the agent must not load outdated states.
            defer { forgetServerStates() }
            onStep(.statesWritten)
            confirmedWorker = try await service.reload(rendered, over: session)
        } else {
            if case .uncontrolled = observation { try await stop() }
            forgetServerStates()
            onStep(.statesWritten)
            confirmedWorker = try await service.start(rendered, over: session, within: limit)
        }
        retired.forgetAll()
    }

    /// Makes the master bind its socket again after the file was removed: it does so when it reloads.
    ///
    /// - Parameter states: The server states for a new worker.
    /// - Throws: `DriverError` if the master does not answer afterwards.
    func rebindMasterSocket(carrying states: String) throws(DriverError) {
        try writeStatesUnlessFull(states)
        defer { forgetServerStates() }
        master?.send(SIGUSR2)
        let deadline = Deadline.after(Self.stepTimeout)
        while try session.peekProcesses(by: deadline) == nil || !session.hasMasterFile {
            guard !deadline.hasPassed else { throw SocketFailure.silent.described("HAProxy's master") }
            session.pause()
        }
    }

    /// Returns a spelling of the workers' socket that differs from the current worker's.
    func nextSpelling() -> Int {
        spelling = spelling % 6 + 1
        return spelling
    }

    /// Makes a new worker bind the workers' socket again after the file was removed, with the file on disk.
    ///
    /// - Throws: `DriverError` if it does not.
    func rebindAdminSocket(_ rendered: RenderedConfiguration) async throws(DriverError) {
        confirmedWorker = try await service.reload(rendered, over: session)
        retired.forgetAll()
    }

    /// Stops HAProxy with all its workers.
    ///
    /// - Throws: `DriverError` if it does not end.
    func stop() async throws(DriverError) {
        if let master { ends.expect(master.processID) }
        try await service.stop(over: session)
    }

    /// Empties the file from which a starting HAProxy loads server states.
    ///
    /// On a full disk the file is removed instead: without it, HAProxy starts with the results of its own checks.
    func forgetServerStates() {
        do throws(FileError) { try writeServerStates(ServerStateTable.empty) } catch {
            try? AtomicFile.remove(files.serverStates, isFlushed: false)
        }
    }

    /// Writes the server states for a new worker; on a full disk, it starts with the results of its own checks.
    private func writeStatesUnlessFull(_ text: String) throws(DriverError) {
        do throws(FileError) { try writeServerStates(text) } catch {
            guard [.noSpace, .diskQuotaExceeded].contains(error.reason) else {
                throw DriverError(.stateUnwritable, error.description)
            }
            forgetServerStates()
        }
    }

    /// Returns the server states for a new worker, of all nodes that do not change.
    func carriedStates(
        from old: RenderedConfiguration?,
        to rendered: RenderedConfiguration,
        _ table: ServerStateTable?
    ) -> String {
        guard let old, let table = table ?? (try? session.servers(by: .after(.seconds(1)))) else {
            return ServerStateTable.empty
        }
        return table.carried(from: old, to: rendered)
    }

    /// Deletes the retired servers that no session can point at.
    ///
    /// - Parameters:
    ///   - table: The servers that HAProxy has; nil to query them.
    ///   - wanted: The servers of the current configuration.
    /// - Throws: `DriverError`.
    func deleteRetired(
        of table: ServerStateTable?,
        besides wanted: Set<ServerName>,
        by deadline: Deadline
    ) throws(DriverError) {
        let servers = if let table { table.servers } else { try session.servers(by: deadline).servers }
        let maintained = servers.filter { $0.isDisabled && !wanted.contains($0.name) }
        let due = retired.due(of: maintained.map(\.name))
        guard !due.isEmpty else { return }
        let named = ClientSessions(try session.ask("show sess", by: deadline)).servers
        let idle = due.filter { !named.contains("\($0)") }
        let commands = idle.map { RuntimeCommand("del server", "\($0)", answers: .deletion) }
        let answers = try session.perform(commands, by: deadline)
        for (name, answer) in zip(idle, answers) where !RuntimeCommand.isBusy(answer) { retired.forget(name) }
    }

    /// Sends a command to the current worker, or to an old one.
    func ask(_ command: String, of oldWorker: Int32? = nil, by deadline: Deadline) throws(DriverError) -> String {
        guard let oldWorker else { return try session.ask(command, by: deadline) }
        return try session.askThroughMaster(command, of: oldWorker, by: deadline)
    }

    /// Writes the server states that HAProxy loads when it starts.
    private func writeServerStates(_ text: String) throws(FileError) {
        // Not flushed: after a power failure the file is not needed.
        try PreparedFile(Array(text.utf8), for: files.serverStates, isFlushed: false).commit(isFlushed: false)
    }
}

extension RuntimeChange {
    fileprivate var certificate: CertificateChange? { if case .certificate(let change) = self { change } else { nil } }

    /// The server that this change removes.
    fileprivate var removed: ServerName? { if case .remove(let name) = self { name } else { nil } }
}
