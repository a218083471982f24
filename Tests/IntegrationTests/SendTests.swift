// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Subprocess
import SystemPackage
import TestServers
import Testing

/// Failures of `steelyard send`.
@Suite struct SendTests {
    /// A server that accepts and never answers uses little of the reply's timeout.
    @Test(Requirement.gearmand.trait) func hungFirstServer() async throws {
        let hung = try HangingServer()
        defer { hung.stop() }
        try await withAgent { agent in
            let result = try await SteelyardProgram.run(
                ["send", "--gearman", "127.0.0.1:\(hung.port)", "--gearman", agent.servers[0], "--timeout", "30"]
                    + ["--function", AgentUnderTest.function, "discover"]
            )
            #expect(result.code == 0, "\(result.error)")
        }
    }

    /// If one server has no worker, the next one is used.
    @Test(Requirement.gearmand.trait) func firstServerWithoutWorker() async throws {
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { empty in
                try await withAgent { agent in
                    let result = try await SteelyardProgram.run(
                        ["send", "--gearman", empty.address, "--gearman", agent.servers[0], "--timeout", "60"]
                            + ["--function", AgentUnderTest.function, "discover"]
                    )
                    #expect(result.code == 0, "\(result.error)")
                }
            }
        }
    }

    @Test(Requirement.gearmand.trait) func noWorker() async throws {
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { gearmand in
                let began = ContinuousClock.now
                let result = try await SteelyardProgram.run(
                    ["send", "--gearman", gearmand.address, "--timeout", "120", "--function", "Device-1", "discover"]
                )
                #expect(result.code == 69)
                #expect(result.error.contains("Device-1") && result.error.contains("no worker serves"))
                // Far below the timeout.
                #expect(ContinuousClock.now - began < .seconds(60))
            }
        }
    }

    @Test func failedJob() async throws {
        let script: LoopbackServer.Handler = { connection, _ in
            let server = ScriptedJobServer(connection)
            while let packet = server.read() {
                if packet.kind == ScriptedJobServer.echoRequest {
                    server.send(ScriptedJobServer.echoResponse, packet.arguments[0])
                } else {
                    server.send(8, Array("H:a:1".utf8))
                    server.send(ScriptedJobServer.workFail, Array("H:a:1".utf8))
                }
            }
        }
        try await LoopbackScript(script).serve { server in
            let result = try await SteelyardProgram.run(
                ["send", "--gearman", "127.0.0.1:\(server.port)", "--timeout", "20", "discover"]
            )
            #expect(result.code == 69)
            #expect(result.error.contains("the worker failed the job"))
        }
    }

    @Test func unresolvableServer() async throws {
        let result = try await SteelyardProgram.run(["send", "--gearman", "no-such-host.invalid", "discover"])
        #expect(result.code == 69)
        #expect(result.error.contains("cannot resolve no-such-host.invalid"), "\(result.error)")
    }

    /// If the output cannot be written, the command fails.
    @Test(Requirement.gearmand.trait, arguments: ["send", "render", "config"])
    func fullDisk(_ command: String) async throws {
        try await withAgent { agent in
            let arguments =
                switch command {
                case "send":
                    ["send", "--gearman", agent.servers[0], "--function", AgentUnderTest.function, "discover"]
                case "render": ["render", Environment.packageFolder.appending(path: "Examples/update.json").path]
                default: ["config", "--driver", "noop"]
                }
            let full = try FileDescriptor.open("/dev/full", .writeOnly)
            let result = try await Subprocess.run(
                .path(FilePath(SteelyardProgram.path)),
                arguments: Arguments(arguments),
                input: .none,
                output: .fileDescriptor(full, closeAfterSpawningProcess: true),
                error: .string(limit: 10_000)
            )
            #expect(result.terminationStatus == .exited(74))
            #expect(result.standardError.contains("standard output"))
        }
    }

    private typealias Environment = TestServers.Environment
}
