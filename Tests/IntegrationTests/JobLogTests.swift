// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// Log lines of jobs.
@Suite(Requirement.gearmand.trait) struct JobLogTests {
    /// One line for each job at the default level, passed or failed.
    @Test func oneLineForEachJob() async throws {
        try await withAgent(["--log-format", "json"], logLevel: "info") { agent in
            let file = Environment.packageFolder.appending(path: "Examples/update-two.json")
            var handles: Set<String> = []
            for (message, code) in [(file.path, 0), ("stats", 0), ("archive", 1), ("-", 1)] {
                let result = try await agent.send(message, input: message == "-" ? "{" : "")
                #expect(Int(result.code) == code, "\(message): \(result.output)")
            }
            let lines = try await jobLines(of: agent, count: 4)
            for line in lines {
                #expect(line["gearman.server"] == agent.servers[0])
                #expect(line["job.duration_ms"]?.wholeMatch(of: /[0-9]+\.[0-9]{3}/) != nil)
                #expect(line["time"]?.hasSuffix("Z") == true)
                handles.insert(line["job.handle"] ?? "")
            }
            #expect(handles.count == 4 && handles.allSatisfy { $0.hasPrefix("H:") })
            #expect(
                lines.map { $0["message"] } == [
                    "message completed", "message completed", "message rejected", "message rejected",
                ]
            )
            #expect(lines.map { $0["job.action"] } == ["UPDATE", "STATS", "ARCHIVE", nil])
            #expect(lines.map { $0["job.response"] } == ["PASS", "PASS", "FAIL", "FAIL"])
            #expect(lines.map { $0["error.code"] } == [nil, nil, "invalid_field", "invalid_json"])
            #expect(lines.map { $0["level"] } == ["info", "info", "warning", "warning"])
            #expect(lines[0]["lb.id"]?.isEmpty == false)
        }
    }

    /// A driver's lines during a job contain the job's handle, and the job's line contains the plan.
    @Test(Requirement.haproxy.trait) func driverLinesHaveTheHandle() async throws {
        let service = try DeviceTests.Service()
        defer { service.back.stop() }
        try await withAgent(driver: "haproxy", ["--log-format", "json"], logLevel: "debug") { agent in
            _ = try await agent.reply(to: service.update())
            let job = try #require(try await jobLines(of: agent, count: 1).first)
            #expect(job["plan"] == "start HAProxy")
            let planned = try #require(Self.lines(of: agent).first { $0["message"] == "change planned" })
            #expect(planned["job.handle"] == job["job.handle"])
        }
    }

    private func jobLines(of agent: AgentUnderTest, count: Int) async throws -> [[String: String]] {
        var lines: [[String: String]] = []
        try await eventually("\(count) jobs are logged") {
            lines = try Self.lines(of: agent).filter { $0["job.response"] != nil }
            return lines.count >= count
        }
        #expect(lines.count == count)
        return lines
    }

    private static func lines(of agent: AgentUnderTest) throws -> [[String: String]] {
        try agent.process.errorOutput.split(separator: "\n").filter { $0.hasSuffix("}") }.map { line in
            try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        }
    }
}
