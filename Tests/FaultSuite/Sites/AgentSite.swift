// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers

/// The agent under test, which is killed, stopped and restarted.
actor AgentSite {
    nonisolated let function = "fault-suite"
    nonisolated let stateFolder: URL
    private let folder: URL
    private let program: String
    private let servers: [JobServerSite]
    private let variables: [String: String]
    private let chronicle: Chronicle
    /// Stores the connections to HAProxy's old workers between agents, like systemd.
    private let manager: StandInServiceManager
    private var process: ManagedProcess?
    private var exit: Task<Int32, any Error>?
    private var isEndExpected = false
    private var starts = 0
    /// The periods in which the agent was stopped or not running; the last one may be open.
    private(set) var absences: [(from: Double, to: Double)] = []

    init(
        program: String,
        in folder: URL,
        servers: [JobServerSite],
        variables: [String: String],
        chronicle: Chronicle
    ) throws {
        manager = try StandInServiceManager()
        self.program = program
        self.folder = folder
        self.servers = servers
        self.variables = variables
        self.chronicle = chronicle
        stateFolder = folder.appending(path: "state")
    }

    /// The agent's process; nil if it is not running.
    var pid: Int32? { process?.processIdentifier }

    /// Starts the agent.
    func start() async throws {
        starts += 1
        isEndExpected = false
        let new = try ManagedProcess.start(
            program,
            ["worker", "--driver", "haproxy", "--function", function, "--state-dir", stateFolder.path]
                + ["--log-level", "debug"] + servers.flatMap { ["--gearman", "127.0.0.1:\($0.link.port)"] },
            variables: variables,
            by: manager,
            in: folder,
            name: "agent-\(starts)"
        )
        process = new
        let exit = Task { try await new.wait(within: nil) }
        self.exit = exit
        Task { await noteEnd(of: new, try? exit.value) }
    }

    /// Starts the agent and waits until it is ready.
    func startReady() async throws {
        try await start()
        guard let process else { return }
        try await eventually("the agent is ready: \(process.errorOutput.suffix(2000))") {
            process.output.contains("ready ")
        }
    }

    /// Ends the agent by a signal, and restarts it after a pause.
    func restart(signal: Int32, pause: Double) async throws {
        let number = chronicle.begin(.agent, signal == SIGKILL ? "killed" : "restarted")
        let begun = chronicle.clock.now
        try await end(signal: signal)
        try await Task.sleep(for: .seconds(pause))
        try await start()
        absences.append((begun, chronicle.clock.now))
        chronicle.end(number)
    }

    /// Stops the agent for some seconds.
    func freeze(seconds: Double) async throws {
        let number = chronicle.begin(.agent, "stopped, \(rounded: seconds) s")
        let begun = chronicle.clock.now
        let frozen = process
        try await waitUntilItCatchesSignals()
        frozen?.send(signal: SIGSTOP)
        try await Task.sleep(for: .seconds(seconds))
        frozen?.send(signal: SIGCONT)
        absences.append((begun, chronicle.clock.now))
        chronicle.end(number)
    }

    /// Ends the agent for good.
    func stop() async throws {
        if process != nil { try await end(signal: SIGTERM) }
        manager.stop()
    }

    private func end(signal: Int32) async throws {
        guard let process, let exit else { return }
        if signal == SIGTERM { try await waitUntilItCatchesSignals() }
        isEndExpected = true
        process.send(signal: signal)
        let kill = Task {
            try await Task.sleep(for: .seconds(60))
            process.send(signal: SIGKILL)
        }
        let code = try await exit.value
        kill.cancel()
        if signal == SIGTERM, code != 0 { chronicle.violate("the agent ended with \(code) after SIGTERM") }
        self.process = nil
    }

    /// While its libraries are loaded, a program cannot catch signals.
    private func waitUntilItCatchesSignals() async throws {
        guard let process else { return }
        try await eventually("the agent catches signals") { process.catchesSignals || self.process == nil }
    }

    /// An agent that ends unexpectedly is a violation; another one is started, so that the run continues.
    private func noteEnd(of ended: ManagedProcess, _ code: Int32?) async {
        guard ended.processIdentifier == process?.processIdentifier, !isEndExpected else { return }
        let last = ended.errorOutput.split(separator: "\n").last ?? ""
        chronicle.violate("the agent ended unexpectedly with \(code ?? -1): \(last)")
        process = nil
        let number = chronicle.begin(.agent, "ended unexpectedly")
        do { try await start() } catch { chronicle.violate("the agent cannot be restarted: \(error)") }
        chronicle.end(number)
    }
}
