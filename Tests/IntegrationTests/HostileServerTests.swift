// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// Programs other than a job server on its port, and job servers that violate the protocol.
@Suite(Requirement.gearmand.trait) struct HostileServerTests {
    private static let answers: [[UInt8]] = [
        "ERROR\r\n", "\n", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n<html>", " ",
        "OK 1.1.20\n", "\0", "\0RES", "\0REQ\0\0\0\u{6}\0\0\0\0", "ERROR unknown_command\n.\n", "220 mail ESMTP\r\n",
    ].map { Array($0.utf8) }

    /// Random bytes, some of them in valid packets, and some after a valid start.
    private static func script(_ seed: UInt64) -> LoopbackServer.Handler {
        { connection, _ in
            var random = SeededGenerator(seed: seed)
            if seed.isMultiple(of: 2), !ScriptedJobServer(connection).awaitGrab() { return }
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let body = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                if seed.isMultiple(of: 3) {
                    let kind = UInt32.random(in: 0...45, using: &random)
                    let claimed = Bool.random(using: &random) ? body.count : Int.random(in: 0...5000, using: &random)
                    connection.send(ScriptedJobServer.header(kind, byteCount: claimed))
                }
                connection.send(body)
            }
            if seed.isMultiple(of: 5) { connection.freeze(seconds: 1) }
        }
    }

    /// A hundred servers send a hundred random byte sequences; the agent still serves the valid one.
    @Test func agentOutlivesAnyBytes() async throws {
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { gearmand in
                var servers: [LoopbackServer] = []
                defer { for server in servers { server.stop() } }
                for answer in Self.answers {
                    servers.append(try LoopbackServer { connection, _ in connection.send(answer) })
                }
                for seed in 0..<100 as Range<UInt64> { servers.append(try LoopbackServer(Self.script(seed))) }
                let agent = try await AgentUnderTest.start(
                    in: folder,
                    servers: [gearmand.address] + servers.map { "127.0.0.1:\($0.port)" }
                )
                defer { agent.process.send(signal: SIGTERM) }
                try await eventually("each server is connected twice") { [servers] in
                    servers.allSatisfy { $0.connectionCount > 1 } || !agent.process.isRunning
                }
                let code = try await agent.send("discover").code
                #expect(code == 0)
                agent.process.send(signal: SIGTERM)
                let end = try await agent.process.wait()
                #expect(end == 0)
                #expect(agent.process.errorOutput.contains("the server does not speak Gearman"))
            }
        }
    }

    @Test(arguments: answers)
    func sendOutlivesAnyBytes(_ answer: [UInt8]) async throws {
        try await LoopbackScript { connection, _ in connection.send(answer) }.serve { server in
            let result = try await SteelyardProgram.run(
                ["send", "--gearman", "127.0.0.1:\(server.port)", "--timeout", "5", "discover"]
            )
            #expect(result.code == 69)
            #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
            #expect(result.error.contains("127.0.0.1:\(server.port)"))
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func sendOutlivesRandomBytes(_ seed: UInt64) async throws {
        try await LoopbackScript(Self.script(seed * 2 + 1)).serve { server in
            let result = try await SteelyardProgram.run(
                ["send", "--gearman", "127.0.0.1:\(server.port)", "--timeout", "2", "discover"]
            )
            #expect(result.code == 69)
        }
    }

    /// 300 MB are announced and sent: the agent reads and rejects them without keeping them in memory.
    @Test func keepsNoPayloadAboveTheLimit() async throws {
        let size = 300 << 20
        let replies = Recorded<String>()
        let script: LoopbackServer.Handler = { connection, number in
            let server = ScriptedJobServer(connection)
            guard number == 0, server.awaitGrab() else { return server.idle() }
            let name = Array("H:a:1\0\(AgentUnderTest.function)\0u\0".utf8)
            let kind = ScriptedJobServer.jobAssignUnique
            connection.send(ScriptedJobServer.header(kind, byteCount: name.count + size) + name)
            let block = [UInt8](repeating: 0x20, count: 1 << 20)
            for _ in 0..<size >> 20 where !connection.send(block) { return }
            if let reply = server.awaitReply() { replies.append(String(decoding: reply, as: UTF8.self)) }
            server.idle()
        }
        try await withTemporaryFolder { folder in
            try await LoopbackScript(script).serve { server in
                let agent = try await AgentUnderTest.start(in: folder, servers: ["127.0.0.1:\(server.port)"])
                defer { agent.process.send(signal: SIGTERM) }
                let before = try agent.process.peakMemory()
                try await eventually("the reply is received") { !replies.all.isEmpty }
                #expect(replies.all[0].contains("the message has \(size) bytes"))
                let after = try agent.process.peakMemory()
                #expect(after - before < 16 << 20, "from \(before) to \(after) bytes")
                await agent.process.stop()
            }
        }
    }
}
