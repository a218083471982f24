// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers

/// The agent under test, which is killed, stopped and started again.
actor AgentSite {
    nonisolated let function = "fault-suite"
    nonisolated let stateFolder: URL
    private let folder: URL
    private let program: String
    private let servers: [JobServerSite]
    private let variables: [String: String]
    private let chronicle: Chronicle
    private var process: ChildProcess?
    private var isEndExpected = false
    private var starts = 0
    /// The time in which no agent ran, or a stopped one; the last one may be under way.
    private(set) var absences: [(from: Double, to: Double)] = []

    init(
        program: String,
        in folder: URL,
        servers: [JobServerSite],
        variables: [String: String],
        chronicle: Chronicle
    ) {
        self.program = program
        self.folder = folder
        self.servers = servers
        self.variables = variables
        self.chronicle = chronicle
        stateFolder = folder.appending(path: "state")
    }

    /// The agent's process; nil where it does not run.
    var pid: Int32? { process?.processIdentifier }

    /// Starts the agent.
    func start() async throws {
        starts += 1
        isEndExpected = false
        let new = try await ChildProcess.start(
            program,
            ["worker", "--driver", "haproxy", "--function", function, "--state-dir", stateFolder.path]
                + ["--log-level", "debug"] + servers.flatMap { ["--gearman", "127.0.0.1:\($0.link.port)"] },
            environment: variables,
            in: folder,
            name: "agent-\(starts)",
            isApart: true
        )
        process = new
        Task { await noteEnd(of: new, try? new.end()) }
    }

    /// Starts the agent, and waits until it takes jobs.
    func startReady() async throws {
        try await start()
        guard let process else { return }
        try await eventually("the agent is ready: \(process.errorOutput.suffix(2000))") {
            process.output.contains("ready ")
        }
    }

    /// Ends the agent by a signal, and starts it again after a pause.
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
        frozen?.send(signal: SIGSTOP)
        try await Task.sleep(for: .seconds(seconds))
        frozen?.send(signal: SIGCONT)
        absences.append((begun, chronicle.clock.now))
        chronicle.end(number)
    }

    /// Ends the agent for good.
    func stop() async throws {
        if process != nil { try await end(signal: SIGTERM) }
    }

    private func end(signal: Int32) async throws {
        guard let process else { return }
        isEndExpected = true
        process.send(signal: signal)
        let code = try await process.wait(within: 60)
        if signal == SIGTERM, code != 0 { chronicle.violate("the agent ended with \(code) after SIGTERM") }
        self.process = nil
    }

    /// An agent that ends by itself is wrong; another one is started, so that the run goes on.
    private func noteEnd(of ended: ChildProcess, _ code: Int32?) async {
        guard ended === process, !isEndExpected else { return }
        let last = ended.errorOutput.split(separator: "\n").last ?? ""
        chronicle.violate("the agent ended by itself with \(code ?? -1): \(last)")
        process = nil
        let number = chronicle.begin(.agent, "ended by itself")
        do { try await start() } catch { chronicle.violate("the agent cannot be started again: \(error)") }
        chronicle.end(number)
    }
}
