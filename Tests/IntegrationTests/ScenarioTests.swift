// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// The no-op driver with a scenario file, through a real job server.
@Suite(Requirement.gearmand.trait) struct ScenarioTests {
    private static let update = #"""
        {"hpcs_action":"UPDATE","loadbalancers":[
        {"id":"15","protocol":"HTTP","port":8080,"nodes":[
        {"id":"a","address":"192.0.2.1","port":80},{"id":"b","address":"192.0.2.2","port":80},
        {"id":"c","address":"192.0.2.2","port":81,"condition":"DISABLED"}]},
        {"id":"16","protocol":"TCP","port":8081,"nodes":[{"id":"a","address":"192.0.2.1","port":80}]}]}
        """#

    @Test func nodesAreDown() async throws {
        let scenario = """
            {nodes: [{id: "a", load_balancer_id: 15, reason: "gone", after: 1, times: 2}, {address: "192.0.2.2"}]}
            """
        try await withScenario(scenario) { agent, _ in
            _ = try await agent.reply(to: Self.update)
            var states: [[String]] = []
            var reasons: [[String?]] = []
            for _ in 0..<4 {
                let nodes = try #require(try await agent.send("stats").reply()["nodes"] as? [[String: String]])
                states.append(nodes.compactMap { $0["status"] })
                reasons.append(nodes.map { $0["reason"] })
            }
            let always = ["UP", "DOWN", "DISABLED", "UP"]
            let during = ["DOWN", "DOWN", "DISABLED", "UP"]
            #expect(states == [always, during, during, always])
            #expect(reasons[1] == ["gone", "connection refused (L4CON)", nil, nil])
        }
    }

    /// A message that fails changes nothing; each code is the reply's.
    @Test func messagesFail() async throws {
        let codes = [
            "address_in_use", "cancelled", "deleted", "log_unavailable", "not_configured", "not_running", "rejected",
            "state_unreadable", "state_unwritable", "timed_out", "unavailable", "unsupported",
        ]
        let rules = codes.enumerated()
            .map { #"{action: "delete", code: "\#($1)", error: "number \#($0)", after: \#($0), times: 1}"# }
        let field = """
            {action: "UPDATE", code: "rejected", field: "loadBalancers[0].nodes[1].port", error: "is bad", times: 1}
            """
        try await withScenario("{failures: [\(rules.joined(separator: ",")), \(field)]}") { agent, _ in
            let refused = try await agent.reply(to: Self.update)
            #expect(refused["hpcs_error"] as? String == "loadbalancers[0].nodes[1].port is bad")
            #expect(refused["hpcs_error_field"] as? String == "loadbalancers[0].nodes[1].port")
            #expect(try await agent.send("stats").reply()["hpcs_error_code"] as? String == "not_configured")
            #expect(try await agent.reply(to: Self.update)["hpcs_response"] as? String == "PASS")
            for (number, code) in codes.enumerated() {
                let reply = try await agent.send("delete").reply()
                #expect(reply["hpcs_error_code"] as? String == code)
                #expect((reply["hpcs_error"] as? String)?.hasSuffix("number \(number)") == true, "\(reply)")
                #expect(try await agent.send("stats").code == 0)
            }
            #expect(try await agent.send("delete").code == 0)
        }
    }

    /// A rule without an action counts all messages that reach the driver.
    @Test func countsAllMessages() async throws {
        try await withScenario(#"{failures: [{after: 2, times: 1, error: "the third"}]}"#) { agent, _ in
            _ = try await agent.reply(to: Self.update)
            // It does not reach the driver.
            #expect(try await agent.send("discover").code == 0)
            #expect(try await agent.send("stats").code == 0)
            let third = try await agent.send("suspend").reply()
            #expect(third["hpcs_error"] as? String == "the third")
            #expect(third["hpcs_error_code"] as? String == "unavailable")
            #expect(try await agent.send("suspend").code == 0)
        }
    }

    @Test func bytesAreCounted() async throws {
        let scenario = """
            {bytes: [{load_balancer_id: 16, per_report: 4096, times: 1}, {protocol: 'http', per_second: 1000000}]}
            """
        try await withScenario(scenario) { agent, _ in
            _ = try await agent.reply(to: Self.update)
            var counts: [[UInt64]] = []
            for _ in 0..<2 {
                var reply: [String: Any] = [:]
                // A slow job server may not have confirmed the last reply yet.
                try await eventually("the last METRICS is confirmed") {
                    reply = try await agent.send("metrics").reply()
                    return reply["hpcs_error_code"] as? String != "busy"
                }
                let entries = try #require(reply["loadBalancers"] as? [[String: Any]])
                counts.append(entries.compactMap { ($0["bytes_out"] as? NSNumber)?.uint64Value })
                let span = try microseconds(reply["utc_start"], reply["utc_end"])
                // One byte in each microsecond.
                #expect(counts.last?.first == span)
            }
            #expect(counts.map(\.last) == [4096, 0])
        }
    }

    /// Rules name load balancers by their ids, of which two have one protocol.
    @Test func manyLoadBalancers() async throws {
        let node = #""nodes":[{"id":"a","address":"192.0.2.1","port":80}]"#
        let update = """
            {"hpcs_action":"UPDATE","loadbalancers":[
            {"id":"web","protocol":"HTTP","port":8080,\(node)},{"id":"api","protocol":"HTTP","port":8081,\(node)},
            {"id":"db","protocol":"TCP","port":8082,\(node)}]}
            """
        let scenario = """
            {nodes: [{id: "a", load_balancer_id: "api", reason: "gone"}],
            bytes: [{load_balancer_id: "web", per_report: 10}, {protocol: "HTTP", per_report: 200},
            {load_balancer_id: "db", per_report: 3000}],
            failures: [{action: "UPDATE", code: "rejected", field: "loadBalancers[2].port", error: "is bad", times: 1}]}
            """
        try await withScenario(scenario) { agent, _ in
            let refused = try await agent.reply(to: update)
            #expect(refused["hpcs_error_field"] as? String == "loadbalancers[2].port")
            #expect(try await agent.reply(to: update)["hpcs_response"] as? String == "PASS")
            let nodes = try #require(try await agent.send("stats").reply()["nodes"] as? [[String: String]])
            #expect(nodes.map { $0["load_balancer_id"] } == ["web", "api", "db"])
            #expect(nodes.map { $0["status"] } == ["UP", "DOWN", "UP"])
            let reply = try await agent.send("metrics").reply()
            let entries = try #require(reply["loadBalancers"] as? [[String: Any]])
            #expect(entries.map { $0["protocol"] as? String } == ["http", "tcp", "http", "http", "tcp"])
            #expect(entries.map { $0["id"] as? String } == [nil, nil, "web", "api", "db"])
            #expect(
                entries.map { ($0["bytes_out"] as? NSNumber)?.uint64Value } == [210, 3000, 10, 200, 3000]
            )
        }
    }

    /// A change that waits holds up the changes after it, and no STATS.
    @Test func messagesTakeLong() async throws {
        let scenario = #"{delays: [{action: "SUSPEND", milliseconds: 3600000, times: 1}]}"#
        try await withScenario(scenario) { agent, _ in
            _ = try await agent.reply(to: Self.update)
            #expect(try await agent.send("--background", "suspend").code == 0)
            #expect(try await agent.send("--background", "delete").code == 0)
            let stats = try await agent.send("stats").reply()
            #expect(stats["nodes"] != nil, "\(stats)")
            // The stop gives the messages in hand back to the job server.
            agent.process.send(signal: SIGTERM)
            let code = try await agent.process.wait(within: 120)
            #expect(code == 0)
        }
    }

    /// A short delay ends, and the message is then done.
    @Test func delayEnds() async throws {
        try await withScenario("{delays: [{milliseconds: 5}]}") { agent, _ in
            let update = try await agent.reply(to: Self.update)
            #expect(update["hpcs_response"] as? String == "PASS")
            #expect(try await agent.send("stats").code == 0)
        }
    }

    /// A change of the file counts for the next message; a file with a fault has each message fail until it is corrected.
    @Test func fileChanges() async throws {
        try await withScenario("{}") { agent, file in
            _ = try await agent.reply(to: Self.update)
            #expect(try await agent.send("suspend").code == 0)
            let faults = [
                ("{failures: [{times: 0}]}", "failures[0].times must be a whole number from 1 to 1000000"),
                ("{failure: []}", "failure is unknown; known are nodes, failures, delays, bytes"),
                ("{failures: [{action: 'DISCOVER'}]}", "do not reach a driver"),
                ("{failures: [{code: 'bad'}]}", "failures[0].code must be one of address_in_use"),
                ("{failures: [{field: 'port'}]}", "failures[0].field must be a path such as"),
                ("{nodes: {}}", "nodes must be a list"), ("{nodes: [1]}", "nodes[0] must be an object"),
                ("{nodes: [{id: 'a/b'}]}", "nodes[0].id must be"),
                ("{nodes: [{status: 'SICK'}]}", "nodes[0].status must be"),
                ("{delays: [{}]}", "delays[0] must have milliseconds"),
                ("{bytes: [{per_second: 1, per_report: 1}]}", "bytes[0] must have either"),
                ("{", "line 1, column 2: expected a name or '}'"), ("[]", "must be an object"),
                ("", "line 1, column 1: expected a value"),
            ]
            for (text, reason) in faults {
                try text.write(to: file, atomically: true, encoding: .utf8)
                let reply = try await agent.send("enable").reply()
                let error = try #require(reply["hpcs_error"] as? String)
                #expect(error.contains(file.path) && error.contains(reason), "\(error)")
                #expect(reply["hpcs_error_code"] as? String == "unavailable")
            }
            try FileManager.default.removeItem(at: file)
            let missing = try #require(try await agent.send("enable").reply()["hpcs_error"] as? String)
            #expect(missing.contains(file.path) && missing.contains("No such file"), "\(missing)")
            // The counting starts again with each change.
            for _ in 0..<2 {
                let id = UInt32.random(in: 0...UInt32.max)
                try "{failures: [{times: 1}], nodes: [{id: 'n\(id)'}]}"
                    .write(to: file, atomically: true, encoding: .utf8)
                #expect(try await agent.send("enable").code == 1)
                #expect(try await agent.send("enable").code == 0)
            }
        }
    }

    @Test func example() async throws {
        let file = Environment.packageFolder.appending(path: "Examples/noop-scenario.json5")
        try await withScenario(String(contentsOf: file, encoding: .utf8)) { agent, _ in
            let message = Environment.packageFolder.appending(path: "Examples/update-two.json").path
            #expect(try await agent.send(message).code == 0)
            let second = try await agent.send(message).reply()
            #expect(second["hpcs_error_code"] as? String == "address_in_use")
            #expect(second["hpcs_error_field"] as? String == "loadbalancers[0].port")
            let nodes = try #require(try await agent.send("stats").reply()["nodes"] as? [[String: String]])
            #expect(nodes.filter { $0["status"] == "DOWN" }.map { $0["id"] } == ["web-1"])
        }
    }

    /// A dry run fails where the run would.
    @Test func dryRun() async throws {
        try await withScenario("{failures: [{action: 'UPDATE', code: 'rejected'}]}", ["--dry-run"]) { agent, _ in
            let reply = try await agent.reply(to: Self.update)
            #expect(reply["hpcs_error_code"] as? String == "rejected")
            #expect(reply["hpcs_dry_run"] as? Bool == true)
        }
    }

    @Test func wrongFileAtStart() async throws {
        let result = try await SteelyardProgram.run(
            ["config", "--driver", "noop"],
            variables: ["STEELYARD_NOOP_SCENARIO": "/does/not/exist"]
        )
        #expect(result.code == 78)
        let words = "STEELYARD_NOOP_SCENARIO cannot be used: cannot read /does/not/exist"
        #expect(result.error.contains(words), "\(result.error)")
    }

    private func withScenario(
        _ scenario: String,
        _ arguments: [String] = [],
        _ body: (AgentUnderTest, URL) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "scenario.json5")
            try scenario.write(to: file, atomically: true, encoding: .utf8)
            try await withAgent(arguments, variables: ["STEELYARD_NOOP_SCENARIO": file.path]) { agent in
                try await body(agent, file)
            }
        }
    }

    /// The microseconds between two times of METRICS.
    private func microseconds(_ start: Any?, _ end: Any?) throws -> UInt64 {
        let times = try [start, end].map { value in
            let numbers = try #require(value as? String).split { "- :.".contains($0) }.compactMap { Int($0) }
            try #require(numbers.count == 7)
            var time = tm()
            (time.tm_year, time.tm_mon, time.tm_mday) = (
                Int32(numbers[0] - 1900), Int32(numbers[1] - 1), Int32(numbers[2])
            )
            (time.tm_hour, time.tm_min, time.tm_sec) = (Int32(numbers[3]), Int32(numbers[4]), Int32(numbers[5]))
            return timegm(&time) * 1_000_000 + numbers[6]
        }
        return UInt64(times[1] - times[0])
    }
}
