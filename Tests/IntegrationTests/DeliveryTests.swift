// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// METRICS is committed once the job server has confirmed that it received the reply and that a client waits for it.
///
/// After an uncommitted report, the next one starts at the same time.
@Suite struct DeliveryTests {
    /// The server's reaction to the reply to the first METRICS.
    enum Answer: String, CaseIterable, Sendable {
        case confirms, hasNoClient, knowsNoJob, closesUnread, closesUnconfirmed
    }

    private struct Report: Decodable {
        let utcStart: String
        let utcEnd: String

        enum CodingKeys: String, CodingKey {
            case utcStart = "utc_start"
            case utcEnd = "utc_end"
        }
    }

    private static let metrics = Array(#"{"hpcs_action":"METRICS"}"#.utf8)

    @Test(arguments: Answer.allCases)
    func reportsAgainWhatWasNotReceived(_ answer: Answer) async throws {
        let reports = Recorded<[UInt8]>()
        let server = try LoopbackServer { connection, number in
            let server = ScriptedJobServer(connection)
            guard server.awaitGrab() else { return }
            if number == 0 {
                let update = ConnectionTests.update
                guard server.reply(to: update, function: AgentUnderTest.function, handle: "H:a:1") != nil,
                    server.awaitGrab(), Self.report(on: server, "1", answer, into: reports), server.awaitGrab()
                else { return }
            }
            _ = Self.report(on: server, "2", .confirms, into: reports)
            server.idle()
        }
        defer { server.stop() }
        try await withTemporaryFolder { folder in
            let agent = try await AgentUnderTest.start(in: folder, servers: ["127.0.0.1:\(server.port)"])
            defer { agent.process.send(signal: SIGTERM) }
            try await eventually("two reports are received") { reports.all.count == 2 }
            let decoded = try reports.all.map { try JSONDecoder().decode(Report.self, from: Data($0)) }
            if answer == .confirms {
                #expect(decoded[1].utcStart == decoded[0].utcEnd)
                #expect(server.connectionCount == 1)
            } else {
                #expect(decoded[1].utcStart == decoded[0].utcStart)
            }
        }
    }

    /// A pending reply to a hung server does not delay the METRICS of another one for long: its first answer is a FAIL.
    @Test(Requirement.gearmand.trait) func hungServerHoldsUpNoOther() async throws {
        let reports = Recorded<[UInt8]>()
        let hung = try LoopbackServer { connection, number in
            let server = ScriptedJobServer(connection)
            guard number == 0, server.awaitGrab() else { return server.idle() }
            let update = ConnectionTests.update
            guard server.reply(to: update, function: AgentUnderTest.function, handle: "H:a:1") != nil,
                server.awaitGrab()
            else { return }
            server.assign(Self.metrics, function: AgentUnderTest.function, handle: "H:a:2", unique: "u")
            while let packet = server.read(), packet.kind != ScriptedJobServer.workComplete {}
            reports.append([])
            connection.waitForClose()
        }
        defer { hung.stop() }
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { live in
                let agent = try await AgentUnderTest.start(
                    in: folder,
                    servers: ["127.0.0.1:\(hung.port)", live.address]
                )
                defer { agent.process.send(signal: SIGTERM) }
                try await eventually("the hung server has the reply") { !reports.all.isEmpty }
                let refused = try await agent.send("metrics", to: 1)
                #expect(refused.code == 1)
                #expect(refused.output.contains("another METRICS is still being delivered"))
                try await eventually("the agent closes the hung connection", within: 40) {
                    try await agent.send("metrics", to: 1).code == 0
                }
            }
        }
    }

    /// Assigns a METRICS and handles its reply as the case demands; returns false to close the connection.
    private static func report(
        on server: ScriptedJobServer,
        _ unique: String,
        _ answer: Answer,
        into reports: Recorded<[UInt8]>
    ) -> Bool {
        let function = AgentUnderTest.function
        server.assign(Self.metrics, function: function, handle: "H:a:m\(unique)", unique: unique)
        while let packet = server.read() {
            switch packet.kind {
            case ScriptedJobServer.getStatusUnique:
                if answer == .closesUnread {
                    reports.append(server.awaitReply() ?? [])
                    return false
                }
                let known = answer == .knowsNoJob ? "0" : "1"
                let clients = answer == .confirms || answer == .closesUnconfirmed ? "1" : "0"
                let kind = ScriptedJobServer.statusResponseUnique
                server.send(kind, packet.arguments[0], Array(known.utf8), [0x30], [0x30], [0x30], Array(clients.utf8))
            case ScriptedJobServer.workComplete:
                reports.append(Array(packet.arguments.dropFirst().joined(separator: [0])))
                if answer == .closesUnconfirmed { return false }
            case ScriptedJobServer.echoRequest:
                server.send(ScriptedJobServer.echoResponse, packet.arguments[0])
                return true
            case ScriptedJobServer.grabJobUnique: server.refuseJob()
            default: break
            }
        }
        return false
    }
}
