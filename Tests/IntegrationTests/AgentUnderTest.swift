// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers

/// A running worker with its job servers, and a user's actions on it.
struct AgentUnderTest: Sendable {
    let folder: URL
    let servers: [String]
    let arguments: [String]
    let process: ChildProcess

    static let function = "device-under-test"

    /// Starts a worker and waits until it takes jobs; `process.stop()` must follow.
    static func start(
        in folder: URL,
        servers: [String],
        driver: String = "noop",
        _ more: [String] = [],
        variables: [String: String] = [:],
        logLevel: String? = "trace"
    ) async throws -> AgentUnderTest {
        let state = folder.appending(path: "state").path
        let arguments =
            ["worker", "--driver", driver, "--function", function, "--state-dir", state]
            + (logLevel.map { ["--log-level", $0] } ?? []) + servers.flatMap { ["--gearman", $0] } + more
        let name = "worker-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let process = try await ChildProcess.start(
            SteelyardProgram.path,
            arguments,
            // The address of a test's object store.
            environment: ["STEELYARD_ARCHIVE_ENDPOINTS": "127.0.0.1"].merging(variables) { $1 },
            in: folder,
            name: name
        )
        let agent = AgentUnderTest(folder: folder, servers: servers, arguments: more, process: process)
        do { try await eventually("the worker is ready") { process.output.contains("ready ") } } catch {
            await process.stop()
            throw ServerFailure("\(error): \(process.errorOutput)")
        }
        return agent
    }

    /// Starts the same worker again after this one has ended.
    func restarted(driver: String = "noop", variables: [String: String] = [:]) async throws -> AgentUnderTest {
        try await Self.start(in: folder, servers: servers, driver: driver, arguments, variables: variables)
    }

    /// Submits a message with `steelyard send`.
    func send(_ arguments: String..., input: String = "", to server: Int = 0) async throws -> SteelyardProgram.Finished
    {
        try await SteelyardProgram.run(
            ["send", "--gearman", servers[server], "--function", Self.function, "--timeout", "300"] + arguments,
            input: Array(input.utf8)
        )
    }

    /// Submits a payload and reads the reply.
    func reply(to payload: String, server: Int = 0) async throws -> [String: Any] {
        try await send("-", input: payload, to: server).reply()
    }
}

/// Starts a gearmand and a worker, passes the worker to a closure, and stops both in any case.
func withAgent<Success>(
    driver: String = "noop",
    _ more: [String] = [],
    variables: [String: String] = [:],
    logLevel: String = "trace",
    _ body: (AgentUnderTest) async throws -> Success
) async throws -> Success {
    try await withTemporaryFolder { folder in
        try await withGearmand(in: folder) { gearmand in
            let agent = try await AgentUnderTest.start(
                in: folder,
                servers: [gearmand.address],
                driver: driver,
                more,
                variables: variables,
                logLevel: logLevel
            )
            let result: Result<Success, any Error>
            do { result = .success(try await body(agent)) } catch { result = .failure(error) }
            var cleanup: (any Error)?
            if driver == "haproxy" {
                do { try await deleteDevice(agent) } catch { cleanup = error }
            }
            await agent.process.stop()
            // The failure of the test itself comes first: the cleanup may only fail because of it.
            let success = try result.get()
            if let cleanup { throw cleanup }
            return success
        }
    }
}

/// Stops the HAProxy of a test, which outlives its agent.
private func deleteDevice(_ agent: AgentUnderTest) async throws {
    if agent.process.isRunning, try await agent.send("delete").code == 0 { return }
    // The test has ended the worker.
    let other = try await agent.restarted(driver: "haproxy")
    _ = try await other.send("delete")
    await other.process.stop()
}
