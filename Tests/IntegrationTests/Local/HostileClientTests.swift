// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// What clients of the control socket can do to an agent: nothing.
@Suite(Requirement.gearmand.trait) struct HostileClientTests {
    /// The agent's answer.
    ///
    /// The agent closes a connection whose request is not complete after five seconds, which a busy machine may exceed. Such a
    /// request has no effect.
    private func answer(_ request: [UInt8], _ agent: AgentUnderTest) async throws -> String {
        var reply = ""
        try await eventually("the agent answers") {
            reply = (try? await ControlConnection.ask(request, in: agent.stateFolder)) ?? ""
            return !reply.isEmpty
        }
        return reply
    }

    @Test func clientsThatSendNothing() async throws {
        try await withAgent { agent in
            let idle = try (0..<20).map { _ in try ControlConnection(agent.stateFolder) }
            #expect(try await agent.send("discover").code == 0)
            // They are closed after five seconds.
            try await eventually("the status is to be had again") { try await agent.local("status").code == 0 }
            _ = idle.count
        }
    }

    @Test(arguments: ["", "[]", "{", "\u{0}", "STATUS", "status\n\n", "{}"])
    func requestsThatAreNoMessage(_ text: String) async throws {
        try await withAgent { agent in
            let reply = try await answer(Array(text.utf8), agent)
            #expect(reply.contains(#""hpcs_response":"FAIL""#), "\(reply)")
            #expect(try await agent.local("status").code == 0)
        }
    }

    @Test func messageThatIsTooLarge() async throws {
        try await withAgent(variables: ["STEELYARD_LIMITS_MESSAGE_BYTES": "100000"]) { agent in
            let large = [UInt8](repeating: UInt8(ascii: "x"), count: 5_000_000)
            let reply = try await answer(large, agent)
            #expect(reply.contains(#""hpcs_error_code":"message_too_large""#), "\(reply)")
            #expect(try await agent.local("status").code == 0)
        }
    }

    /// A client that goes before its reply takes nothing with it: the change is made.
    @Test func clientsThatGo() async throws {
        try await withAgent { agent in
            let update = Array(#"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"HTTP","nodes":[]}]}"#.utf8)
            for _ in 0..<50 {
                let connection = try ControlConnection(agent.stateFolder)
                // Those that are too many are closed at once.
                _ = connection.send(Array("{\"hpcs_act".utf8))
            }
            try await eventually("the change is made") {
                do {
                    let connection = try ControlConnection(agent.stateFolder)
                    guard connection.send(update) else { return false }
                    connection.endOutput()
                }
                return try await agent.local("status", "--json").output.contains(#""phase":"serving""#)
            }
            #expect(try await agent.send("stats").code == 0)
        }
    }

    /// Changes take their turn, whichever way they come.
    @Test func messagesKeepTheirOrder() async throws {
        try await withAgent { agent in
            let update = #"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"HTTP","nodes":[]}]}"#
            for _ in 0..<3 {
                #expect(try await answer(Array(update.utf8), agent).contains("PASS"))
                #expect(try await agent.send("suspend").code == 0)
                #expect(try await agent.local("enable", "--local").code == 0)
            }
            let changes = try await agent.status().list("changes").compactMap { $0.text("action") }
            #expect(
                changes == [
                    "UPDATE", "SUSPEND", "ENABLE", "UPDATE", "SUSPEND", "ENABLE", "UPDATE", "SUSPEND", "ENABLE",
                ]
            )
        }
    }
}
