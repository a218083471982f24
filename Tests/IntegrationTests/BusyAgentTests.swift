// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// Short jobs are answered while long ones run.
@Suite struct BusyAgentTests {
    private static func serve(_ script: @escaping @Sendable (ScriptedJobServer) -> Void) async throws {
        let isDone = Recorded<Bool>()
        let server = try LoopbackServer { connection, number in
            let server = ScriptedJobServer(connection)
            if number == 0, server.awaitGrab() { script(server) }
            isDone.append(true)
            server.idle()
        }
        defer { server.stop() }
        try await withTemporaryFolder { folder in
            let agent = try await AgentUnderTest.start(in: folder, servers: ["127.0.0.1:\(server.port)"])
            defer { agent.process.send(signal: SIGTERM) }
            try await eventually("the script is done", within: 60) { !isDone.all.isEmpty }
        }
    }

    /// 400 long jobs: one runs, 32 wait, the others are rejected with a reason, and STATS is answered.
    @Test func manyLongJobs() async throws {
        let store = try HangingServer()
        defer { store.stop() }
        let archive = Array(ConnectionTests.archive(port: store.port).utf8)
        let replies = Recorded<String>()
        let function = AgentUnderTest.function
        try await Self.serve { server in
            _ = server.reply(to: ConnectionTests.update, function: function, handle: "H:a:0")
            for number in 1...400 {
                guard server.awaitGrab(collecting: { replies.append($0) }) else { return }
                server.assign(archive, function: function, handle: "H:a:\(number)", unique: "\(number)")
            }
            guard server.awaitGrab(collecting: { replies.append($0) }) else { return }
            let stats = server.reply(
                to: Array(#"{"hpcs_action":"STATS"}"#.utf8),
                function: function,
                handle: "H:a:stats",
                collecting: { replies.append($0) }
            )
            #expect(String(decoding: stats ?? [], as: UTF8.self).contains(#""hpcs_response":"PASS""#))
        }
        let refused = replies.all.filter { $0.contains("ARCHIVEs are already waiting") }
        #expect(refused.count == 400 - 33)
        #expect(replies.all.count == refused.count)
    }

    /// A STATS after a message of 8 MB is answered first; a small UPDATE keeps its place after the message.
    @Test func largeMessage() async throws {
        let padding = String(repeating: "x", count: 8_000_000)
        let node = #"{"address":"192.0.2.1","port":80}"#
        let large = Array(
            """
            {"hpcs_action":"UPDATE","padding":"\(padding)",\
            "loadbalancers":[{"protocol":"HTTP","nodes":[\(node),\(node),\(node)]}]}
            """.utf8
        )
        let function = AgentUnderTest.function
        let order = Recorded<String>()
        try await Self.serve { server in
            server.assign(large, function: function, handle: "H:a:large", unique: "1")
            guard server.awaitGrab() else { return }
            server.assign(ConnectionTests.update, function: function, handle: "H:a:small", unique: "2")
            guard server.awaitGrab() else { return }
            server.assign(Array(#"{"hpcs_action":"DISCOVER"}"#.utf8), function: function, handle: "H:a:discover")
            while order.all.count < 3, let handle = server.awaitHandle() { order.append(handle) }
            guard server.awaitGrab() else { return }
            let stats = server.reply(
                to: Array(#"{"hpcs_action":"STATS"}"#.utf8),
                function: function,
                handle: "H:a:stats"
            )
            order.append(String(decoding: stats ?? [], as: UTF8.self))
        }
        #expect(order.all.prefix(3) == ["H:a:discover", "H:a:large", "H:a:small"])
        #expect(order.all.last?.contains(#""nodes":[{"id":"1","status":"UP","protocol":"HTTP"}]"#) == true)
    }
}
