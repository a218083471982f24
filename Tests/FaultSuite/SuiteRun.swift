// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestServers

/// The state of a run.
final class SuiteRun: Sendable {
    /// The results of the rounds so far.
    struct Found: Sendable {
        var baseline: LeakGauge?
        var rounds: [SuiteReport.Round] = []
        /// The end of the METRICS that were added up.
        var meteredUntil: Double?
        /// How often each request's line is in the store.
        var archived: [Int: Int] = [:]
        var objects: Set<String> = []
    }

    let settings: FaultSuiteSettings
    let chronicle: Chronicle
    let servers: [JobServerSite]
    let agent: AgentSite
    let haproxy: HAProxySite
    let store: StoreSite?
    let context: ClientContext
    let clients: JobClients
    let traffic: Traffic
    let found = Mutex(Found())
    private let backEnds: [HTTPBackEnd]
    private let tally: JobTally

    private init(
        _ settings: FaultSuiteSettings,
        _ chronicle: Chronicle,
        servers: [JobServerSite],
        backEnds: [HTTPBackEnd],
        store: StoreSite?
    ) throws {
        self.settings = settings
        self.chronicle = chronicle
        self.servers = servers
        self.backEnds = backEnds
        self.store = store
        tally = JobTally()
        agent = try AgentSite(
            program: settings.program,
            in: settings.folder,
            servers: servers,
            variables: [
                "STEELYARD_ARCHIVE_MODE": "incremental", "STEELYARD_ARCHIVE_ENDPOINTS": "127.0.0.1",
                "STEELYARD_DIAGNOSTICS_TARGET": "127.0.0.1:\(backEnds[0].port)",
            ],
            chronicle: chronicle
        )
        haproxy = HAProxySite(stateFolder: agent.stateFolder, chronicle: chronicle)
        traffic = Traffic(clock: chronicle.clock)
        let messages = DeviceMessages(
            httpPort: try FreePort.next(),
            tcpPort: try FreePort.next(),
            backEnds: backEnds.map(\.port)
        )
        context = ClientContext(
            chronicle: chronicle,
            tally: tally,
            messages: messages,
            function: agent.function,
            serverPorts: servers.map(\.port),
            links: servers.map(\.link),
            limit: settings.limit
        )
        clients = JobClients(context, store: store)
    }

    /// Starts all servers, and the agent with a first UPDATE.
    static func start(_ settings: FaultSuiteSettings, _ chronicle: Chronicle) async throws -> SuiteRun {
        var servers: [JobServerSite] = []
        var store: StoreSite?
        var run: SuiteRun?
        do {
            for index in 0..<3 {
                servers.append(try await .start(index: index, in: settings.folder, chronicle: chronicle))
            }
            if Requirement.openStackSwift.path != nil {
                store = try await StoreSite.start(in: settings.folder, chronicle: chronicle)
            }
            let backEnds = try (0..<2).map { try HTTPBackEnd(name: "backend \($0)") }
            let started = try SuiteRun(settings, chronicle, servers: servers, backEnds: backEnds, store: store)
            run = started
            try await started.agent.startReady()
            let first = started.context.messages.update(1, tag: started.context.nextTag())
            let isServed = try await started.client { client, _ in
                if case .passed = client.run(first, on: 0).end { return true }
                return false
            }
            guard isServed else { throw ServerFailure("the first UPDATE did not pass") }
            return started
        } catch {
            if let run {
                await run.stop()
            } else {
                for server in servers { await server.stop() }
                try? await store?.stop()
            }
            throw error
        }
    }

    /// Runs a closure as a Gearman client on a thread.
    func client<Success: Sendable>(
        _ body: @escaping @Sendable (JobClient, ClientContext) -> Success
    ) async throws -> Success {
        try await blocking { [context] in body(JobClient(context, name: "examiner"), context) }
    }

    /// Stops all servers and the agent.
    func stop() async {
        context.setStopping(true)
        try? await agent.stop()
        haproxy.removeAll()
        for server in servers { await server.stop() }
        try? await store?.stop()
        for backEnd in backEnds { backEnd.stop() }
    }

    func report() -> SuiteReport {
        var report = SuiteReport(seed: settings.seed, minutes: chronicle.clock.now / 60)
        report.faults = chronicle.faults
        report.jobs = tally.now
        found.withLock { found in
            report.baseline = found.baseline ?? LeakGauge()
            report.rounds = found.rounds
        }
        report.violations = chronicle.violations
        report.folder = settings.folder.path
        return report
    }
}
