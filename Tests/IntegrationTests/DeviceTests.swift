// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// The whole agent with a real job server, a real HAProxy and traffic.
@Suite(Requirement.gearmand.trait, Requirement.haproxy.trait) struct DeviceTests {
    /// The configuration of a device in these tests.
    struct Service {
        let port: Int
        let back: HTTPBackEnd

        init() throws {
            self.init(port: try FreePort.next(), back: try HTTPBackEnd(name: "served"))
        }

        init(port: Int, back: HTTPBackEnd) {
            self.port = port
            self.back = back
        }

        func update(port: Int? = nil, weight: Int = 1, version: String = "null", options: String = "{}") -> String {
            """
            {"hpcs_action":"UPDATE","config_version":\(version),"loadBalancers":[{"name":"lb #1","protocol":"HTTP","port":\(port ?? self.port),
            "algorithm":"ROUND_ROBIN","monitor":{"type":"CONNECT","delay":30,"timeout":30,"attempts":2},
            "options":\(options),"nodes":[{"id":7,"address":"127.0.0.1","port":\(back.port),"weight":\(weight),"condition":"ENABLED",
            "backup":"FALSE"}]}]}
            """
        }

        func answer() async throws -> String {
            let client = try await HTTPClient(port: port)
            defer { client.close() }
            return try await client.get("/").text
        }
    }

    @Test func servesMetersSuspendsAndDeletes() async throws {
        let service = try Service()
        defer { service.back.stop() }
        try await withAgent(driver: "haproxy") { agent in
            #expect(agent.process.output.contains("driver=haproxy"))
            let updated = try await agent.reply(to: service.update())
            #expect(updated["hpcs_response"] as? String == "PASS", "\(updated)")
            let answer = try await service.answer()
            #expect(answer == "served")
            let stats = try await agent.send("stats").reply()
            let node = (stats["nodes"] as? [[String: String]])?.first
            #expect(node?["id"] == "7" && node?["status"] == "UP" && node?["since"] != nil)
            let metrics = try await agent.send("metrics").reply()
            let entry = try #require((metrics["loadBalancers"] as? [[String: Any]])?.first)
            #expect(entry["protocol"] as? String == "http")
            #expect(try #require(entry["bytes_out"] as? Int) > "served".utf8.count)
            let suspended = try await agent.send("suspend").code
            #expect(suspended == 0)
            await #expect(throws: (any Error).self) { try await service.answer() }
            let status = try await agent.send("stats").reply()["status"] as? String
            #expect(status == "SUSPENDED")
            let enabled = try await agent.send("enable").code
            #expect(enabled == 0)
            let again = try await service.answer()
            #expect(again == "served")
            let deleted = try await agent.send("delete").code
            #expect(deleted == 0)
            await #expect(throws: (any Error).self) { try await service.answer() }
        }
    }

    /// Traffic continues without an agent, and the next agent knows its device.
    @Test func agentKilledWhileTrafficFlows() async throws {
        let service = try Service()
        defer { service.back.stop() }
        try await withAgent(driver: "haproxy") { agent in
            _ = try await agent.reply(to: service.update())
            let traffic = Task {
                var answers = 0
                while !Task.isCancelled {
                    let answer = try await service.answer()
                    guard answer == "served" else { throw ServerFailure("wrong answer: \(answer)") }
                    answers += 1
                }
                return answers
            }
            agent.process.send(signal: SIGKILL)
            _ = try await agent.process.wait()
            let next = try await agent.restarted(driver: "haproxy")
            let stats = try await next.send("stats").reply()
            #expect(stats["hpcs_response"] as? String == "PASS", "\(stats)")
            let metrics = try await next.send("metrics").reply()
            #expect(metrics["hpcs_response"] as? String == "PASS", "\(metrics)")
            traffic.cancel()
            let answers = try await traffic.value
            #expect(answers > 0)
            _ = try await next.send("delete")
            await next.process.stop()
        }
    }

    /// A late job does not revert a newer change, even with another agent.
    @Test func aStaleUpdateIsRefused() async throws {
        let (old, new) = (try Service(), try HTTPBackEnd(name: "newer"))
        defer {
            old.back.stop()
            new.stop()
        }
        let newer = Service(port: old.port, back: new)
        try await withAgent(driver: "haproxy") { agent in
            func expectNewer(_ agent: AgentUnderTest) async throws {
                let late = try await agent.send("-", input: old.update(version: "41"))
                let reply = try late.reply()
                #expect(late.code == 1 && reply["hpcs_response"] as? String == "FAIL")
                #expect((reply["hpcs_error"] as? String)?.hasPrefix("config_version 41 is lower than 42") == true)
                #expect(reply["hpcs_error_code"] as? String == "stale_version")
                #expect(reply["hpcs_error_field"] as? String == "config_version")
                #expect(reply["config_version"] as? Int == 41, "the request is echoed")
                let stats = try await agent.send("stats").reply()
                #expect(stats["config_version"] as? Int == 42, "\(stats)")
            }
            let first = try await agent.send("-", input: old.update(version: "41")).code
            let second = try await agent.send("-", input: newer.update(version: #""42""#)).code
            #expect(first == 0 && second == 0)
            try await expectNewer(agent)
            let suspended = try await agent.send("suspend").code
            #expect(suspended == 0)
            await agent.process.stop()
            let next = try await agent.restarted(driver: "haproxy")
            try await expectNewer(next)
            let enabled = try await next.send("enable").code
            #expect(enabled == 0)
            try await expectNewer(next)
            let answer = try await newer.answer()
            #expect(answer == "newer")
            let repeated = try await next.send("-", input: newer.update(version: "42")).code
            #expect(repeated == 0)
            let deleted = try await next.send("delete").code
            let afresh = try await next.send("-", input: old.update(version: "1")).code
            #expect(deleted == 0 && afresh == 0)
            await next.process.stop()
        }
    }

    @Test func portThatIsTaken() async throws {
        let service = try Service()
        let other = try HangingServer()
        defer {
            service.back.stop()
            other.stop()
        }
        try await withAgent(driver: "haproxy") { agent in
            _ = try await agent.reply(to: service.update())
            let refused = try await agent.reply(to: service.update(port: other.port))
            #expect(refused["hpcs_response"] as? String == "FAIL")
            let error = try #require(refused["hpcs_error"] as? String)
            #expect(error.hasPrefix("loadBalancers[0].port "), "\(error)")
            let answer = try await service.answer()
            #expect(answer == "served")
        }
    }

    /// A dry run answers like a real run plus hpcs_dry_run, and changes nothing.
    @Test func dryRun() async throws {
        let service = try Service()
        defer { service.back.stop() }
        try await withAgent(driver: "haproxy", ["--dry-run"]) { agent in
            let reply = try await agent.reply(to: service.update())
            #expect(reply["hpcs_response"] as? String == "PASS")
            #expect(reply["hpcs_dry_run"] as? Bool == true)
            await #expect(throws: (any Error).self) { try await service.answer() }
            #expect(agent.process.errorOutput.contains("server id-7"))
            let state = agent.folder.appending(path: "state")
            let left = try FileManager.default.contentsOfDirectory(atPath: state.path)
            #expect(!left.contains("haproxy.cfg") && !left.contains("state.json"), "\(left)")
        }
    }
}
