// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// Failures and delays between the worker and its job servers.
@Suite(Requirement.gearmand.trait) struct TransportTests {
    @Test func jobServerRestarts() async throws {
        try await withTemporaryFolder { folder in
            var gearmand = try await GearmandServer.start(in: folder)
            let agent = try await AgentUnderTest.start(in: folder, servers: [gearmand.address])
            for signal in [SIGKILL, SIGTERM] {
                gearmand.process.send(signal: signal)
                _ = try await gearmand.process.wait()
                gearmand = try await gearmand.restarted()
                let code = try await agent.send("discover").code
                #expect(code == 0)
            }
            await agent.process.stop()
            await gearmand.process.stop()
        }
    }

    /// One server is down and one hangs; the third is served without delay.
    @Test func deadAndHangingServers() async throws {
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { hanging in
                try await withGearmand(in: folder) { live in
                    hanging.process.send(signal: SIGSTOP)
                    let dead = "127.0.0.1:\(try FreePort.next())"
                    let agent = try await AgentUnderTest.start(
                        in: folder,
                        servers: [live.address, hanging.address, dead]
                    )
                    for _ in 0..<20 {
                        let code = try await agent.send("discover").code
                        #expect(code == 0)
                    }
                    hanging.process.send(signal: SIGCONT)
                    let code = try await agent.send("discover", to: 1).code
                    #expect(code == 0)
                    await agent.process.stop()
                }
            }
        }
    }

    /// The worker is killed while a job runs: the server assigns the job to the next worker, and the client gets its
    /// reply.
    @Test func workerKilledWithJobInHand() async throws {
        let store = try HangingServer()
        defer { store.stop() }
        try await withAgent { agent in
            _ = try await agent.reply(to: update(nodes: 1))
            async let sent = agent.send("-", input: archive(port: store.port))
            try await eventually("the upload has started") { store.connectionCount > 0 }
            agent.process.send(signal: SIGKILL)
            _ = try await agent.process.wait()
            store.stop()
            let next = try await agent.restarted()
            // The noop driver of the new process is not configured, so the reply is a FAIL.
            let response = try await sent.reply()["hpcs_response"] as? String
            #expect(response == "FAIL")
            await next.process.stop()
        }
    }

    /// A long ARCHIVE delays neither a STATS nor an UPDATE.
    @Test func longJobHoldsUpNoOther() async throws {
        let store = try HangingServer()
        defer { store.stop() }
        try await withAgent { agent in
            _ = try await agent.reply(to: update(nodes: 1))
            async let archived = agent.send("-", input: archive(port: store.port))
            try await eventually("the upload has started") { store.connectionCount > 0 }
            for nodes in 2..<6 {
                let updated = try await agent.reply(to: update(nodes: nodes))
                #expect(updated["hpcs_response"] as? String == "PASS")
                let stats = try await agent.reply(to: #"{"hpcs_action":"STATS"}"#)
                #expect((stats["nodes"] as? [Any])?.count == nodes)
            }
            #expect(store.connectionCount == 1)
            store.stop()
            _ = try await archived
        }
    }

    /// A SIGTERM while a quick job waits for a slow one: the agent ends with 0, in time.
    @Test func stopsWithLongJobInHand() async throws {
        let store = try HangingServer()
        defer { store.stop() }
        try await withAgent { agent in
            _ = try await agent.reply(to: update(nodes: 1))
            let archive = archive(port: store.port)
            let sending = Task { try await agent.send("-", input: archive).code }
            try await eventually("the upload has started") { store.connectionCount > 0 }
            agent.process.send(signal: SIGTERM)
            let code = try await agent.process.wait(within: 60)
            #expect(code == 0)
            sending.cancel()
        }
    }

    /// UPDATEs queued in the background are applied in the order of their submission.
    @Test func changesKeepTheirOrder() async throws {
        try await withAgent { agent in
            for round in 1...3 {
                for nodes in [5, 9, 2, round] {
                    let file = agent.folder.appending(path: "update.json")
                    try update(nodes: nodes).write(to: file, atomically: true, encoding: .utf8)
                    let code = try await agent.send("--background", file.path).code
                    #expect(code == 0)
                }
                // Last in the queue, so it sees the last UPDATE.
                let stats = try await agent.reply(to: #"{"hpcs_action":"STATS"}"#)
                #expect((stats["nodes"] as? [Any])?.count == round)
            }
        }
    }

    /// libgearman would add the servers in this variable to the worker's own.
    @Test func ignoresLibgearmansVariable() async throws {
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { foreign in
                try await withAgent(variables: ["GEARMAN_SERVERS": foreign.address]) { agent in
                    _ = try await agent.reply(to: #"{"hpcs_action":"DISCOVER"}"#)
                    let result = try await SteelyardProgram.run(
                        ["send", "--gearman", foreign.address, "--function", AgentUnderTest.function, "--timeout", "1"]
                            + ["discover"]
                    )
                    #expect(result.code == 69)
                }
            }
        }
    }

    private func update(nodes: Int) -> String {
        let list = (0..<nodes).map { #"{"address":"192.0.2.\#($0 + 1)","port":80}"# }.joined(separator: ",")
        return #"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"HTTP","port":80,"nodes":[\#(list)]}]}"#
    }

    private func archive(port: Int) -> String {
        """
        {"hpcs_action":"ARCHIVE","hpcs_object_store_type":"swift","hpcs_object_store_token":"token",
        "hpcs_object_store_basepath":"logs","hpcs_object_store_endpoint":"http://127.0.0.1:\(port)/v1/a",
        "loadbalancers":[{"id":"1","protocol":"HTTP"}]}
        """
    }
}
