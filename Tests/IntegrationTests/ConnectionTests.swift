// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// Connections that end or become silent at any time: the agent reconnects soon, with increasing pauses.
@Suite struct ConnectionTests {
    private static let discover = Array(#"{"hpcs_action":"DISCOVER"}"#.utf8)

    private static func withAgent(
        _ servers: [LoopbackServer],
        _ body: (AgentUnderTest) async throws -> Void
    ) async throws {
        defer { for server in servers { server.stop() } }
        try await withTemporaryFolder { folder in
            let agent = try await AgentUnderTest.start(in: folder, servers: servers.map { "127.0.0.1:\($0.port)" })
            do { try await body(agent) } catch {
                await agent.process.stop()
                throw error
            }
            await agent.process.stop()
        }
    }

    /// A tunnel closes idle connections after 0 to 15 seconds and accepts the next one at once: the agent serves every
    /// one.
    @Test func closedAtAnyIdleTime() async throws {
        let answered = Recorded<Int>()
        let servers = try (0..<16).map { seconds in
            try LoopbackServer { connection, number in
                let server = ScriptedJobServer(connection)
                if number == 0 {
                    connection.shutDown(after: Double(seconds))
                    return server.idle()
                }
                guard server.awaitGrab() else { return }
                let function = AgentUnderTest.function
                if server.reply(to: Self.discover, function: function, handle: "H:a:1") != nil {
                    answered.append(seconds)
                }
                server.idle()
            }
        }
        try await Self.withAgent(servers) { _ in
            try await eventually("every connection is served again", within: 60) { answered.all.count == 16 }
        }
    }

    /// The server's machine fails without closing the connection: the agent closes it and reconnects.
    @Test func silentServerIsLeft() async throws {
        let server = try LoopbackServer { connection, number in
            let server = ScriptedJobServer(connection)
            if number == 0, server.awaitGrab() { return connection.waitForClose() }
            server.idle()
        }
        try await Self.withAgent([server]) { _ in
            try await eventually("the agent reconnects", within: 40) { server.connectionCount > 1 }
        }
    }

    /// The agent also reconnects to a server that sends packets but answers no request.
    @Test func drippingServerIsLeft() async throws {
        let server = try LoopbackServer { connection, number in
            let server = ScriptedJobServer(connection)
            guard number == 0, server.awaitGrab() else { return server.idle() }
            while server.send(ScriptedJobServer.noop) { Thread.sleep(forTimeInterval: 0.3) }
        }
        try await Self.withAgent([server]) { _ in
            try await eventually("the agent reconnects", within: 60) { server.connectionCount > 1 }
        }
    }

    /// A job is found even if its NOOP was lost.
    @Test func unannouncedJobIsFound() async throws {
        let replies = Recorded<[UInt8]>()
        let server = try LoopbackServer { connection, _ in
            let server = ScriptedJobServer(connection)
            guard server.awaitGrab(), server.send(ScriptedJobServer.noJob), server.awaitGrab() else { return }
            if let reply = server.reply(to: Self.discover, function: AgentUnderTest.function, handle: "H:a:1") {
                replies.append(reply)
            }
            server.idle()
        }
        try await Self.withAgent([server]) { _ in
            try await eventually("the job is answered", within: 40) { !replies.all.isEmpty }
            #expect(server.connectionCount == 1)
        }
    }

    /// The agent reconnects at once to a server that only closed the connection.
    @Test func connectionIsMadeAgainAtOnce() async throws {
        let server = try LoopbackServer { connection, number in
            let server = ScriptedJobServer(connection)
            if number > 0 || !server.awaitGrab() { server.idle() }
        }
        try await Self.withAgent([server]) { agent in
            try await eventually("the agent reconnects", within: 4) { server.connectionCount > 1 }
            #expect(agent.process.errorOutput.contains("the server closed the connection"))
        }
    }

    /// If a server accepts the function and closes repeatedly, the pauses before each connection grow.
    @Test func pausesGrow() async throws {
        let server = try LoopbackServer { connection, _ in _ = ScriptedJobServer(connection).awaitGrab() }
        try await Self.withAgent([server]) { _ in
            try await Task.sleep(for: .seconds(5))
            // 20 ms, 40 ms, … with jitter: about ten in five seconds; without growing pauses, hundreds.
            #expect((3...20).contains(server.connectionCount), "\(server.connectionCount) connections")
        }
    }

    /// A hung server, with or without a pending request for a job, does not delay the stop for long.
    @Test(arguments: [true, false]) func stopsBesideHungServer(_ isAnswered: Bool) async throws {
        let server = try LoopbackServer { connection, _ in
            let server = ScriptedJobServer(connection)
            guard server.awaitGrab() else { return }
            if isAnswered { server.send(ScriptedJobServer.noJob) }
            connection.waitForClose()
        }
        try await Self.withAgent([server]) { agent in
            agent.process.send(signal: SIGTERM)
            let code = try await agent.process.wait(within: 15)
            #expect(code == 0)
        }
    }

    /// A job that is assigned again while it runs is executed once, and answered on the new connection.
    @Test func redeliveredJobIsDoneOnce() async throws {
        let store = try HangingServer()
        defer { store.stop() }
        let replies = Recorded<[UInt8]>()
        let update = Self.update
        let archive = Array(Self.archive(port: store.port).utf8)
        let server = try LoopbackServer { connection, number in
            let server = ScriptedJobServer(connection)
            let function = AgentUnderTest.function
            guard number < 2, server.awaitGrab() else { return server.idle() }
            if number == 0 {
                guard server.reply(to: update, function: function, handle: "H:a:1") != nil else { return }
                server.assign(archive, function: function, handle: "H:a:2", unique: "u")
                while store.connectionCount == 0 { Thread.sleep(forTimeInterval: 0.01) }
            } else if let reply = server.reply(to: archive, function: function, handle: "H:a:2", unique: "u") {
                replies.append(reply)
                server.idle()
            }
        }
        try await Self.withAgent([server]) { _ in
            try await eventually("the job is assigned again") { server.connectionCount > 1 }
            try await Task.sleep(for: .milliseconds(500))
            #expect(store.connectionCount == 1)
            store.stop()
            try await eventually("the job is answered") { !replies.all.isEmpty }
        }
    }

    static let update = Array(
        #"""
        {"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"HTTP","port":80,"nodes":[{"address":"192.0.2.1","port":80}]}]}
        """#.utf8
    )

    static func archive(port: Int) -> String {
        """
        {"hpcs_action":"ARCHIVE","hpcs_object_store_type":"swift","hpcs_object_store_token":"token",\
        "hpcs_object_store_basepath":"logs","hpcs_object_store_endpoint":"http://127.0.0.1:\(port)/v1/a",\
        "loadbalancers":[{"id":"1","protocol":"HTTP"}]}
        """
    }
}
