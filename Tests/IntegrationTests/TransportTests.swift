// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// What happens between the worker and its job servers when something goes wrong there, or takes long.
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

    /// One server is dead from the beginning and one hangs; the third is served as if they were not there.
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

    /// The worker is killed with a job in hand: the server gives the job to the next one, and the client has its reply.
    @Test func workerKilledWithJobInHand() async throws {
        let store = try HangingServer()
        defer { store.stop() }
        try await withAgent { agent in
            _ = try await agent.reply(to: update(nodes: 1))
            async let sent = agent.send("-", input: archive(port: store.port))
            try await eventually("the upload has begun") { store.connectionCount > 0 }
            agent.process.send(signal: SIGKILL)
            _ = try await agent.process.wait()
            store.stop()
            let next = try await agent.restarted()
            // The noop driver of the new process has no configuration, and says so: a reply all the same.
            let response = try await sent.reply()["hpcs_response"] as? String
            #expect(response == "FAIL")
            await next.process.stop()
        }
    }

    /// An ARCHIVE that takes long holds up neither a STATS nor an UPDATE.
    @Test func longJobHoldsUpNoOther() async throws {
        let store = try HangingServer()
        defer { store.stop() }
        try await withAgent { agent in
            _ = try await agent.reply(to: update(nodes: 1))
            async let archived = agent.send("-", input: archive(port: store.port))
            try await eventually("the upload has begun") { store.connectionCount > 0 }
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

    /// A SIGTERM with a quick job behind a slow one: the agent ends with 0, and in time.
    @Test func stopsWithLongJobInHand() async throws {
        let store = try HangingServer()
        defer { store.stop() }
        try await withAgent { agent in
            _ = try await agent.reply(to: update(nodes: 1))
            let archive = archive(port: store.port)
            let sending = Task { try await agent.send("-", input: archive).code }
            try await eventually("the upload has begun") { store.connectionCount > 0 }
            agent.process.send(signal: SIGTERM)
            let code = try await agent.process.wait(within: 60)
            #expect(code == 0)
            sending.cancel()
        }
    }

    /// UPDATEs queued in the background are applied in the order in which they were queued.
    @Test func changesKeepTheirOrder() async throws {
        try await withAgent { agent in
            for round in 1...3 {
                for nodes in [5, 9, 2, round] {
                    let file = agent.folder.appending(path: "update.json")
                    try update(nodes: nodes).write(to: file, atomically: true, encoding: .utf8)
                    let code = try await agent.send("--background", file.path).code
                    #expect(code == 0)
                }
                // Behind the others in the queue, so it finds what the last of them has made.
                let stats = try await agent.reply(to: #"{"hpcs_action":"STATS"}"#)
                #expect((stats["nodes"] as? [Any])?.count == round)
            }
        }
    }

    /// libgearman would add the servers of this variable to the worker's own.
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
