// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// What a look at this device's HAProxy finds.
enum Observation {
    /// None runs.
    case absent
    /// One runs that cannot be controlled any more: a file of its sockets is gone.
    case uncontrolled(ReloadReason)
    /// One runs and answers.
    case running(Snapshot)

    var snapshot: Snapshot? { if case .running(let snapshot) = self { snapshot } else { nil } }
}

/// This device's HAProxy: what it runs, and the ways to have it run something else.
final class RunningHAProxy {
    private let session: HAProxySession
    private let service: any HAProxyService
    private let files: DeviceFiles
    private let ends: EndCount
    private let onStep: @Sendable (ChangeStep) -> Void
    /// The worker that was seen to serve what the agent has loaded.
    private var confirmedWorker: Int32?
    private var retired = RetiredServers()
    /// How the workers' socket was spelled last; at first at random, since an earlier agent may have spelled it.
    private var spelling = Int.random(in: 0..<6)
    /// How long all answers to one step may take.
    private static let stepTimeout = Duration.seconds(4)

    init(
        _ service: any HAProxyService,
        _ files: DeviceFiles,
        _ ends: EndCount,
        onStep: @escaping @Sendable (ChangeStep) -> Void
    ) {
        self.ends = ends
        session = HAProxySession(files)
        self.service = service
        self.files = files
        self.onStep = onStep
    }

    /// The master that runs, whether it answers or not.
    var master: ProcessHandle? { session.livingMaster }

    /// Reports that the master that this agent knew has ended.
    func reportEnd(_ logger: Logger) {
        if let known = session.lastMaster { ends.report(known, service.lastWords, logger) }
    }

    /// Looks at HAProxy; the servers are not asked for.
    ///
    /// - Throws: `DriverError` where it runs and does not answer.
    func observe(by deadline: Deadline) throws(DriverError) -> Observation {
        switch try session.findMaster(by: deadline) {
        case .absent: return .absent
        case .unreachable: return .uncontrolled(.masterSocketLost)
        case .running(let table):
            let snapshot = try session.snapshot(table, by: deadline)
            return snapshot.isSocketLost ? .uncontrolled(.adminSocketLost) : .running(snapshot)
        }
    }

    /// The way from what runs to what is wanted.
    ///
    /// - Parameters:
    ///   - loaded: What HAProxy was loaded with and changed to since; nil where that is not known.
    ///   - observation: Gets the servers where the plan depends on them.
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
                hasDisabledFrontends: snapshot.frontends.count < loaded.set.loadBalancers.count
            )
            return ChangePlan(from: state, to: wanted, removed: retired.servers)
        }
    }

    /// Whether the current worker is the one that this agent has loaded.
    func isConfirmed(_ snapshot: Snapshot) -> Bool { snapshot.processes.worker == confirmedWorker }

    /// Takes the current worker for one that has read the file on disk.
    func confirm(_ snapshot: Snapshot) { confirmedWorker = snapshot.processes.worker }

    /// Makes changes without a reload, between two marks of which configuration is served.
    ///
    /// - Parameter known: The servers that HAProxy has, as they were rendered.
    /// - Throws: `DriverError`; some of the changes may be done then.
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
            try session.perform(RuntimeMark.changing.commands + changes.flatMap(\.commands), by: deadline)
            onStep(.begun)
            for case .restore(let server) in changes { retired.forget(server.name) }
        }
        try session.perform(RuntimeMark.serving(rendered.fingerprint).commands, by: deadline)
        // Another program may have had HAProxy reload meanwhile: the commands went to a worker that ends.
        guard try session.processes(by: deadline)?.worker == snapshot.processes.worker else {
            throw DriverError(.unavailable, "HAProxy was reloaded by another program during the change")
        }
        onStep(.changed)
    }

    /// Has HAProxy read the file on disk: by a reload, a start, or both its end and a start.
    ///
    /// - Parameters:
    ///   - observation: What runs.
    ///   - states: What a new worker is to know of the nodes.
    ///   - limit: How long a start may take.
    /// - Throws: `DriverError`.
    func serve(
        _ rendered: RenderedConfiguration,
        _ observation: Observation,
        carrying states: @autoclosure () -> String,
        within limit: Duration = ServiceLimits().change
    ) async throws(DriverError) {
        if case .running = observation {
            try writeStatesUnlessFull(states())
            // An HAProxy that starts by itself later is not to believe what was found now.
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

    /// Has a master bind its socket again whose file is gone: it does when it loads the file on disk.
    ///
    /// - Parameter states: What a new worker is to know of the nodes.
    /// - Throws: `DriverError` where it does not answer then.
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

    /// A spelling of the workers' socket that the current worker does not have.
    func nextSpelling() -> Int {
        spelling = spelling % 6 + 1
        return spelling
    }

    /// Has a new worker bind the workers' socket again whose file is gone, by the file on disk.
    ///
    /// - Throws: `DriverError` where it does not.
    func rebindAdminSocket(_ rendered: RenderedConfiguration) async throws(DriverError) {
        confirmedWorker = try await service.reload(rendered, over: session)
        retired.forgetAll()
    }

    /// Stops HAProxy with all its workers.
    ///
    /// - Throws: `DriverError` where it does not end.
    func stop() async throws(DriverError) {
        if let master { ends.expect(master.processID) }
        try await service.stop(over: session)
    }

    /// Empties the file from which a start takes how the nodes are.
    ///
    /// A full disk is no obstacle to a start: without the file, HAProxy begins with what its checks find.
    func forgetServerStates() {
        do throws(FileError) { try writeServerStates(ServerStateTable.empty) } catch {
            try? AtomicFile.remove(files.serverStates, isFlushed: false)
        }
    }

    /// Writes what a new worker is to know; on a full disk, it begins with what its own checks find.
    private func writeStatesUnlessFull(_ text: String) throws(DriverError) {
        do throws(FileError) { try writeServerStates(text) } catch {
            guard [.noSpace, .diskQuotaExceeded].contains(error.reason) else {
                throw DriverError(.stateUnwritable, error.description)
            }
            forgetServerStates()
        }
    }

    /// What a new worker is to know of the nodes that stay as they are.
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

    /// Deletes the retired servers that nothing can point at any more.
    ///
    /// - Parameters:
    ///   - table: The servers that HAProxy has; nil to ask for them.
    ///   - wanted: The servers of the configuration that is served.
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

    /// Asks the current worker, for the sessions of its clients.
    func ask(_ command: String, of oldWorker: Int32? = nil, by deadline: Deadline) throws(DriverError) -> String {
        guard let oldWorker else { return try session.ask(command, by: deadline) }
        return try session.askThroughMaster(command, of: oldWorker, by: deadline)
    }

    /// Writes what HAProxy reads of the nodes when it starts.
    private func writeServerStates(_ text: String) throws(FileError) {
        // Lost with the machine, it is no loss.
        try PreparedFile(Array(text.utf8), for: files.serverStates, isFlushed: false).commit(isFlushed: false)
    }
}

extension RuntimeChange {
    /// The server that this change puts into maintenance for good.
    fileprivate var removed: ServerName? { if case .remove(let name) = self { name } else { nil } }
}
