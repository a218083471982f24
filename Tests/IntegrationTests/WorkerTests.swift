// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// A worker with the noop driver and a real gearmand.
@Suite(Requirement.gearmand.trait) struct WorkerTests {
    @Test func readyLine() async throws {
        try await withAgent { agent in
            let line = "ready function=\(AgentUnderTest.function) driver=noop servers=\(agent.servers[0])\n"
            #expect(agent.process.output == line)
            let file = Environment.packageFolder.appending(path: "Examples/discover.json")
            let reply = try await agent.send(file.path).reply()
            #expect(reply["hpcs_response"] as? String == "PASS")
        }
    }

    @Test func stopsCleanly() async throws {
        for signal in [SIGTERM, SIGINT] {
            try await withAgent { agent in
                agent.process.send(signal: signal)
                let code = try await agent.process.wait()
                #expect(code == 0)
            }
        }
    }

    /// The agent accepts each example message.
    @Test func examples() async throws {
        try await withAgent(variables: Self.loopback) { agent in
            for name in [
                "update", "stats", "metrics", "suspend", "enable", "discover", "diagnostics", "update-two",
                "update-galera", "delete",
            ] {
                let file = Environment.packageFolder.appending(path: "Examples/\(name).json")
                let result = try await agent.send(file.path)
                #expect(result.code == 0, "\(name): \(result.output) \(result.error)")
            }
        }
    }

    @Test func sendsActionsAndFiles() async throws {
        try await withAgent { agent in
            let file = agent.folder.appending(path: "lb.json")
            let nodes = #"[{"address": "192.0.2.1", "port": "80"}]"#
            try #"{"x": 1.50, "loadbalancers": [{"protocol": "http", "nodes": \#(nodes)}]}"#
                .write(to: file, atomically: true, encoding: .utf8)
            let update = try await agent.send("update", file.path)
            #expect(update.code == 0)
            #expect(update.output.hasPrefix(#"{"x": 1.50, "loadbalancers""#))
            let stats = try await agent.send("STATS").reply()
            #expect((stats["nodes"] as? [[String: String]])?.first == ["id": "1", "protocol": "HTTP", "status": "UP"])
            let deletion = try await agent.send("Delete").code
            #expect(deletion == 0)
            let deleted = try await agent.send("stats")
            #expect(deleted.code == 1)
            let status = try deleted.reply()["status"] as? String
            #expect(status == "DELETED")
        }
    }

    @Test func inTheBackground() async throws {
        try await withAgent { agent in
            let nodes = #"{"protocol":"HTTP","nodes":[]}"#
            let file = agent.folder.appending(path: "lb.json")
            try #"{"loadbalancers":[\#(nodes)]}"#.write(to: file, atomically: true, encoding: .utf8)
            let result = try await agent.send("--background", "update", file.path)
            #expect(result.code == 0)
            #expect(result.output.hasPrefix("H:"))
            try await eventually("the update was applied") { try await agent.send("stats").code == 0 }
        }
    }

    /// A METRICS whose reply was not received is not lost: the next one contains its bytes.
    @Test func usageIsReportedUntilSomebodyHasIt() async throws {
        try await withAgent { agent in
            _ = try await agent.reply(
                to: #"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"HTTP","nodes":[]}]}"#
            )
            let first = try await agent.send("metrics").reply()
            let unseen = try await agent.send("--background", "metrics")
            #expect(unseen.code == 0)
            // Queued after the other one.
            let second = try await agent.send("metrics").reply()
            let third = try await agent.send("metrics").reply()
            #expect(second["utc_start"] as? String == first["utc_end"] as? String)
            #expect(third["utc_start"] as? String == second["utc_end"] as? String)
        }
    }

    /// Concurrent METRICS divide the time among themselves without an overlap.
    @Test func usageIsReportedOnce() async throws {
        try await withAgent { agent in
            _ = try await agent.reply(
                to: #"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"HTTP","nodes":[]}]}"#
            )
            let spans = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let reply = try await agent.send("metrics").reply()
                        return [reply["utc_start"], reply["utc_end"]].compactMap { $0 as? String }
                    }
                }
                return try await group.reduce(into: [[String]]()) { $0.append($1) }.sorted { $0[1] < $1[1] }
            }
            for (earlier, later) in zip(spans, spans.dropFirst()) { #expect(later[0] == earlier[1]) }
        }
    }

    @Test func noReplyInTime() async throws {
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { gearmand in
                let result = try await SteelyardProgram.run(
                    ["send", "--gearman", gearmand.address, "--function", "nobody", "--timeout", "1", "stats"]
                )
                #expect(result.code == 69)
                #expect(result.error.contains("nobody"))
                #expect(result.output.isEmpty)
            }
        }
    }

    /// An invalid message gets a FAIL with the reason, and the next message works.
    @Test func badPayloads() async throws {
        try await withAgent { agent in
            let payloads: [(String, String)] = [
                ("", "empty"), ("[]", "object"), ("null", "object"), ("{", "JSON"), ("{}", "hpcs_action"),
                (String(repeating: "[", count: 1 << 20), "object"),
                (#"{"x":"# + String(repeating: "[", count: 1 << 20), "nested"),
                (#"{"x":""# + String(repeating: "x", count: 8 << 20) + "\"}", "8388608"),
                (#"{"hpcs_action":"REBOOT"}"#, "hpcs_action"), ("\u{0}", "object"),
            ]
            for (payload, word) in payloads {
                let result = try await agent.send("-", input: payload)
                #expect(result.code == 1)
                let reply = try result.reply()
                #expect(reply["hpcs_response"] as? String == "FAIL")
                #expect((reply["hpcs_error"] as? String)?.prefix(128).contains(word) == true, "\(reply)")
                let next = try await agent.send("discover").code
                #expect(next == 0)
            }
        }
    }

    /// 8 MiB are accepted; one byte more is not.
    @Test func largestMessage() async throws {
        try await withAgent { agent in
            let head = #"{"hpcs_action":"DISCOVER","padding":""#
            let padding = String(repeating: "x", count: (8 << 20) - head.utf8.count - 2)
            let largest = try await agent.send("-", input: head + padding + "\"}").code
            #expect(largest == 0)
            let tooLarge = try await agent.send("-", input: head + padding + "x\"}").code
            #expect(tooLarge == 1)
        }
    }

    @Test func diagnostics() async throws {
        try await withAgent(variables: Self.loopback) { agent in
            let reply = try await agent.send("diagnostics").reply()
            #expect(reply["network"] as? String == "FAIL")
            #expect(reply["gearman"] as? [[String: String]] == [["127.0.0.1": "PASS"]])
            #expect(reply["release"] is String)
            #expect(reply["hpcs_response"] as? String == "PASS")
        }
    }

    /// Two servers on one host are distinguished by port; a dead one fails and a listening target passes.
    @Test func diagnosticsOfTwoServers() async throws {
        let back = try HTTPBackEnd()
        defer { back.stop() }
        let dead = try FreePort.next()
        let variables = [
            "STEELYARD_DIAGNOSTICS_TARGET": "127.0.0.1:\(back.port)", "STEELYARD_DIAGNOSTICS_REPLY": "libra",
        ]
        try await withAgent(["--gearman", "127.0.0.1:\(dead)"], variables: variables) { agent in
            let reply = try await agent.send("diagnostics").reply()
            #expect(reply["network"] as? String == "PASS")
            let wanted = [
                ["host": agent.servers[0], "status": "PASS"], ["host": "127.0.0.1:\(dead)", "status": "FAIL"],
            ]
            #expect(reply["gearman"] as? [[String: String]] == wanted)
        }
    }

    @Test func logsAsJSON() async throws {
        try await withAgent(["--log-format", "json"]) { agent in
            _ = try await agent.reply(to: #"{"hpcs_action":"STATS"}"#)
            let lines = agent.process.errorOutput.split(separator: "\n")
            #expect(lines.count >= 2)
            for line in lines {
                let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                #expect(object["level"] is String)
                #expect(object["message"] is String)
            }
        }
    }

    /// No program listens on port 1 of loopback: the DIAGNOSTICS of a test must not leave the machine.
    private static let loopback = ["STEELYARD_DIAGNOSTICS_TARGET": "127.0.0.1:1"]
}
