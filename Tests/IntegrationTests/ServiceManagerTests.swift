// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestServers
import Testing

/// The agent under a service manager: sd_notify(3), the watchdog, and the file-descriptor store.
@Suite(Requirement.gearmand.trait) struct ServiceManagerTests {
    @Test(arguments: [true, false]) func reportsItsState(_ isAbstract: Bool) async throws {
        try await withTemporaryFolder { folder in
            let manager = try StandInServiceManager(in: isAbstract ? nil : folder)
            defer { manager.stop() }
            try await withGearmand(in: folder) { gearmand in
                let agent = try start(in: folder, gearmand, manager, ["WATCHDOG_USEC": "200000"])
                try await eventually("the agent is ready") { manager.lines.contains("READY=1") }
                #expect(agent.output.contains("ready "))
                #expect(manager.lines.contains { $0.hasPrefix("STATUS=taking jobs") })
                // At half the interval, while it runs.
                let before = manager.lines.count { $0 == "WATCHDOG=1" }
                try await eventually("the watchdog is served") {
                    manager.lines.count { $0 == "WATCHDOG=1" } > before + 3
                }
                agent.send(signal: SIGHUP)
                try await eventually("it is ready again") { manager.lines.count { $0 == "READY=1" } == 2 }
                let lines = manager.lines
                let reloading = try #require(lines.firstIndex(of: "RELOADING=1"))
                let time = try #require(lines[reloading + 1].split(separator: "=").last.flatMap { Int64($0) })
                #expect(lines[reloading + 1].hasPrefix("MONOTONIC_USEC="))
                #expect(abs(time - monotonic) < 60_000_000)
                agent.send(signal: SIGTERM)
                let code = try await agent.wait()
                #expect(code == 0)
                try await eventually("the agent reports that it stops") { manager.lines.contains("STOPPING=1") }
            }
        }
    }

    /// An agent that no job server accepts is not ready, and keeps running.
    @Test func isNotReadyWithoutAJobServer() async throws {
        try await withTemporaryFolder { folder in
            let manager = try StandInServiceManager()
            defer { manager.stop() }
            let agent = try ManagedProcess.start(
                SteelyardProgram.path,
                ["worker", "--driver", "noop", "--gearman", "127.0.0.1:1", "--state-dir", folder.path + "/state"],
                variables: ["WATCHDOG_USEC": "200000"],
                by: manager,
                in: folder
            )
            try await eventually("it lives") { manager.lines.count { $0 == "WATCHDOG=1" } > 2 }
            agent.send(signal: SIGHUP)
            try await eventually("the agent has reloaded") { agent.errorOutput.contains("configuration reloaded") }
            #expect(!manager.lines.contains("READY=1"))
            agent.send(signal: SIGTERM)
            let code = try await agent.wait()
            #expect(code == 0)
        }
    }

    /// A stopped agent sends no watchdog messages.
    @Test func aHungAgentDoesNotServeTheWatchdog() async throws {
        try await withTemporaryFolder { folder in
            let manager = try StandInServiceManager()
            defer { manager.stop() }
            try await withGearmand(in: folder) { gearmand in
                let agent = try start(in: folder, gearmand, manager, ["WATCHDOG_USEC": "100000"])
                try await eventually("it lives") { manager.lines.count { $0 == "WATCHDOG=1" } > 2 }
                agent.send(signal: SIGSTOP)
                try await eventually("the agent is stopped") { agent.isStopped }
                func signsOfLife() async throws -> Int {
                    try await manager.catchUp()
                    return manager.lines.count { $0 == "WATCHDOG=1" }
                }
                let count = try await signsOfLife()
                try await Task.sleep(for: .milliseconds(500))
                #expect(try await signsOfLife() == count)
                agent.send(signal: SIGCONT)
                try await eventually("the agent continues") { try await signsOfLife() > count }
                agent.send(signal: SIGTERM)
                let code = try await agent.wait()
                #expect(code == 0)
            }
        }
    }

    /// A service manager that is missing, or never reads, has no effect.
    @Test(arguments: ["/nonexistent/notify", "@steelyard-nobody-listens", "notify", "/", ""])
    func worksWithoutAServiceManager(_ address: String) async throws {
        try await withAgent(variables: ["NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000", "LISTEN_FDS": "x"]) {
            agent in
            let code = try await agent.send("discover").code
            #expect(code == 0)
        }
    }

    /// The agent is killed while a worker of an earlier reload still serves a client.
    ///
    /// The client ends while no agent runs; the next agent, a new process that gets the stored descriptors, reports
    /// every byte. The second time, HAProxy's workers are stopped for longer than the agent waits for an answer: their
    /// connections are stored anyway.
    @Test(Requirement.haproxy.trait, arguments: [false, true])
    func oldWorkersWaitForTheNextAgent(afterSilence: Bool) async throws {
        let service = try DeviceTests.Service()
        let manager = try StandInServiceManager()
        defer {
            service.back.stop()
            manager.stop()
        }
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { gearmand in
                var agent = try start(in: folder, gearmand, manager, driver: "haproxy")
                do {
                    try await eventually("the agent is ready") { agent.output.contains("ready ") }
                    var reply = try await send(service.update(), gearmand)
                    #expect(reply["hpcs_response"] as? String == "PASS", "\(reply)")
                    let client = try await HTTPClient(port: service.port)
                    async let download = client.get("/held/300000")
                    try await eventually("the node has the request") { service.back.requestCount == 1 }
                    // Other options force a reload.
                    reply = try await send(service.update(options: #"{"client_timeout":25000}"#), gearmand)
                    #expect(reply["hpcs_response"] as? String == "PASS", "\(reply)")
                    try await eventually("both workers' connections are stored") { manager.kept.count == 2 }
                    if afterSilence {
                        let workers = manager.kept.compactMap { Int32($0.name.split(separator: "-")[2]) }
                        for worker in workers { kill(worker, SIGSTOP) }
                        try await Task.sleep(for: .seconds(2))
                        #expect(manager.kept.count == 2)
                        for worker in workers { kill(worker, SIGCONT) }
                    }
                    agent.send(signal: SIGKILL)
                    _ = try await agent.wait()
                    service.back.release()
                    let received = try await download.byteCount
                    client.close()
                    // Without the stored connection, the worker would end within milliseconds.
                    try await Task.sleep(for: .milliseconds(500))
                    #expect(manager.kept.count == 2)
                    agent = try start(in: folder, gearmand, manager, driver: "haproxy")
                    try await eventually("the next agent is ready") { agent.output.contains("ready ") }
                    let metrics = try await send(#"{"hpcs_action":"METRICS"}"#, gearmand)
                    let entry = (metrics["loadBalancers"] as? [[String: Any]])?.first
                    #expect(entry?["bytes_out"] as? Int == received, "\(metrics)")
                    try await eventually("the old worker's connection is removed") { manager.kept.count == 1 }
                } catch {
                    await end(agent, gearmand)
                    throw error
                }
                await end(agent, gearmand)
            }
        }
    }

    private func end(_ agent: ManagedProcess, _ gearmand: GearmandServer) async {
        _ = try? await send(#"{"hpcs_action":"DELETE"}"#, gearmand)
        agent.send(signal: SIGTERM)
        _ = try? await agent.wait()
    }

    private var monotonic: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000
    }

    private func start(
        in folder: URL,
        _ gearmand: GearmandServer,
        _ manager: StandInServiceManager,
        _ variables: [String: String] = [:],
        driver: String = "noop"
    ) throws -> ManagedProcess {
        try ManagedProcess.start(
            SteelyardProgram.path,
            [
                "worker", "--driver", driver, "--gearman", gearmand.address, "--function", AgentUnderTest.function,
                "--state-dir", folder.appending(path: "state").path,
            ],
            variables: variables,
            by: manager,
            in: folder
        )
    }

    private func send(_ message: String, _ gearmand: GearmandServer) async throws -> [String: Any] {
        try await SteelyardProgram.run(
            ["send", "--gearman", gearmand.address, "--function", AgentUnderTest.function, "--timeout", "20", "-"],
            input: Array(message.utf8)
        ).reply()
    }
}
