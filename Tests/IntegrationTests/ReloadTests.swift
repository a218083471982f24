// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// SIGHUP: a running agent reads its configuration again.
@Suite(Requirement.gearmand.trait) struct ReloadTests {
    @Test func appliesWhatCanChange() async throws {
        try await withConfiguredAgent(#"{ log: { level: "warning" }, limits: { message_bytes: 2048 } }"#) {
            agent,
            file in
            let padding = String(repeating: "x", count: 3000)
            let message = #"{"hpcs_action":"DISCOVER","padding":"\#(padding)"}"#
            var reply = try await agent.reply(to: message)
            #expect(reply["hpcs_response"] as? String == "FAIL")
            let changed =
                #"{ log: { level: "info", format: "json" }, limits: { message_bytes: 4096 }, haproxy: { max_connections: 77 } }"#
            try changed.write(to: file, atomically: true, encoding: .utf8)
            agent.process.send(signal: SIGHUP)
            try await eventually("the new limit applies") {
                reply = try await agent.reply(to: message)
                return reply["hpcs_response"] as? String == "PASS"
            }
            try await eventually("the log names the settings") { agent.process.errorOutput.contains("need a restart") }
            let log = agent.process.errorOutput
            #expect(log.contains("configuration reloaded"), "\(log)")
            #expect(log.contains("limits.message_bytes,log.level,log.format"), "\(log)")
            #expect(log.contains("haproxy.max_connections"), "\(log)")
            // From now on in the other format.
            _ = try await agent.reply(to: "[]")
            try await eventually("lines are JSON") { agent.process.errorOutput.contains(#""level":"warning""#) }
        }
    }

    @Test(
        arguments: [
            (#"{ limits: { node_count: "many" } }"#, "limits.node_count"),
            (#"{ nonsense: 1 }"#, "nonsense"),
            ("{", "config.json5"),
        ]
    )
    func keepsTheOldOneWhereTheNewOneIsBad(_ text: String, _ name: String) async throws {
        try await withConfiguredAgent("{ limits: { message_bytes: 2048 } }") { agent, file in
            try text.write(to: file, atomically: true, encoding: .utf8)
            agent.process.send(signal: SIGHUP)
            try await eventually("the log names the setting") {
                agent.process.errorOutput.split(separator: "\n").contains {
                    $0.contains(" error configuration not reloaded") && $0.contains(name)
                }
            }
            let reply = try await agent.reply(to: #"{"hpcs_action":"DISCOVER"}"#)
            #expect(reply["hpcs_response"] as? String == "PASS")
            let large = try await agent.reply(to: String(repeating: "x", count: 2049))
            #expect((large["hpcs_error"] as? String)?.contains("2048") == true)
            // The corrected file is applied.
            try "{ limits: { message_bytes: 1024 } }".write(to: file, atomically: true, encoding: .utf8)
            agent.process.send(signal: SIGHUP)
            try await eventually("the new limit applies") {
                let large = try await agent.reply(to: String(repeating: "x", count: 2049))
                return (large["hpcs_error"] as? String)?.contains("1024") == true
            }
        }
    }

    /// Settings of the command line and the environment override the file.
    @Test func keepsWhatWasGiven() async throws {
        let variables = ["STEELYARD_LIMITS_MESSAGE_BYTES": "2048"]
        try await withConfiguredAgent("{ }", variables: variables) { agent, file in
            try #"{ log: { level: "error" }, limits: { message_bytes: 4096, node_count: 7 } }"#
                .write(to: file, atomically: true, encoding: .utf8)
            agent.process.send(signal: SIGHUP)
            try await eventually("the file is applied") {
                agent.process.errorOutput.contains("config.applied=limits.node_count")
            }
            let large = try await agent.reply(to: String(repeating: "x", count: 2049))
            #expect((large["hpcs_error"] as? String)?.contains("2048") == true)
            agent.process.send(signal: SIGTERM)
            let code = try await agent.process.wait()
            #expect(code == 0)
        }
    }

    /// An added job server is served, a removed one is not; a running job is still answered.
    @Test func changesJobServers() async throws {
        let store = try HangingServer()
        defer { store.stop() }
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { old in
                try await withGearmand(in: folder) { new in
                    let file = folder.appending(path: "config.json5")
                    let configuration = { (servers: [String]) in
                        try """
                        { driver: 'noop', gearman: { servers: \(servers), function: 'device' },
                          archive: { endpoints: ['127.0.0.1'] } }
                        """
                        .write(to: file, atomically: true, encoding: .utf8)
                    }
                    try configuration([old.address])
                    let process = try await ChildProcess.start(
                        SteelyardProgram.path,
                        ["worker", "--config", file.path, "--state-dir", folder.appending(path: "state").path],
                        in: folder,
                        name: "worker"
                    )
                    defer { process.send(signal: SIGTERM) }
                    try await eventually("the worker is ready") { process.output.contains("ready ") }
                    func send(_ message: [UInt8], to server: GearmandServer) async throws -> SteelyardProgram.Finished {
                        try await SteelyardProgram.run(
                            ["send", "--gearman", server.address, "--function", "device", "-"],
                            input: message
                        )
                    }
                    _ = try await send(ConnectionTests.update, to: old)
                    async let archived = send(Array(ConnectionTests.archive(port: store.port).utf8), to: old)
                    try await eventually("the upload has started") { store.connectionCount > 0 }

                    try configuration([new.address])
                    process.send(signal: SIGHUP)
                    try await eventually("the new server has the worker") {
                        try await send(Array(#"{"hpcs_action":"STATS"}"#.utf8), to: new).code == 0
                    }
                    store.stop()
                    let reply = try await archived.reply()
                    #expect(reply["hpcs_response"] as? String == "FAIL")
                    let result = try await send(Array(#"{"hpcs_action":"STATS"}"#.utf8), to: old)
                    #expect(result.code == 69)
                    process.send(signal: SIGTERM)
                    let code = try await process.wait()
                    #expect(code == 0)
                }
            }
        }
    }

    private func withConfiguredAgent(
        _ text: String,
        variables: [String: String] = [:],
        _ body: (AgentUnderTest, URL) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "config.json5")
            try text.write(to: file, atomically: true, encoding: .utf8)
            try await withGearmand(in: folder) { gearmand in
                let agent = try await AgentUnderTest.start(
                    in: folder,
                    servers: [gearmand.address],
                    ["--config", file.path],
                    variables: variables,
                    logLevel: variables.isEmpty ? nil : "debug"
                )
                let result: Result<Void, any Error>
                do { result = .success(try await body(agent, file)) } catch { result = .failure(error) }
                await agent.process.stop()
                try result.get()
            }
        }
    }
}
