// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CGearman
import Foundation
import TestServers
import Testing

/// The agent and `send` with a real gearmand and libgearman on the other side.
@Suite(Requirement.gearmand.trait) struct LibgearmanTests {
    @Test func client() async throws {
        try await withAgent { agent in
            let port = try #require(Int(agent.servers[0].split(separator: ":")[1]))
            let examples = ["update", "stats", "metrics", "discover", "delete"]
            let folder = Environment.packageFolder
            let replies = try await blocking {
                let client = try LibgearmanClient(port: port)
                return try examples.map { name in
                    let file = folder.appending(path: "Examples/\(name).json")
                    return try client.reply(to: Array(Data(contentsOf: file)), function: AgentUnderTest.function)
                }
            }
            for (name, reply) in zip(examples, replies) {
                let text = String(decoding: reply, as: UTF8.self)
                #expect(text.contains(#""hpcs_response":"PASS""#), "\(name): \(text)")
            }
        }
    }

    /// Of every length up to the maximum of Gearman's protocol: 64 bytes.
    @Test func uniqueIDs() async throws {
        try await withAgent { agent in
            let port = try #require(Int(agent.servers[0].split(separator: ":")[1]))
            try await blocking {
                let client = try LibgearmanClient(port: port)
                for length in [1, 36, 63, 64] {
                    let unique = String(repeating: "u", count: length)
                    let discover = Array(#"{"hpcs_action":"DISCOVER"}"#.utf8)
                    let reply = try client.reply(to: discover, function: AgentUnderTest.function, unique: unique)
                    #expect(String(decoding: reply, as: UTF8.self).contains("PASS"))
                }
            }
        }
    }

    /// Ids that libgearman does not send and gearmand treats specially: each METRICS is answered and committed.
    @Test(arguments: ["", "-", "a", String(repeating: "u", count: 63), String(repeating: "u", count: 64)])
    func unusualUniqueIDs(_ unique: String) async throws {
        try await withAgent { agent in
            let port = try #require(Int(agent.servers[0].split(separator: ":")[1]))
            let starts = try await blocking {
                let client = try RawGearmanClient(port: port)
                let messages = [ConnectionTests.update] + [[UInt8]](repeating: Self.metrics, count: 3)
                return try messages.map { message in
                    let end = client.run(
                        message,
                        function: AgentUnderTest.function,
                        unique: unique,
                        until: .now + .seconds(20)
                    )
                    guard case .reply(let reply) = end else { throw ServerFailure("\(end)") }
                    let object = try JSONSerialization.jsonObject(with: Data(reply)) as? [String: Any]
                    #expect(object?["hpcs_response"] as? String == "PASS", "\(String(decoding: reply, as: UTF8.self))")
                    return object?["utc_start"] as? String ?? ""
                }
            }
            #expect(Set(starts).count == 4, "\(starts)")
        }
    }

    private static let metrics = Array(#"{"hpcs_action":"METRICS"}"#.utf8)

    @Test(arguments: [0, 1, 100_000, 4_000_000])
    func payloads(_ padding: Int) async throws {
        try await withAgent { agent in
            let port = try #require(Int(agent.servers[0].split(separator: ":")[1]))
            let message = #"{"hpcs_action":"DISCOVER","padding":"\#(String(repeating: "x", count: padding))"}"#
            let reply = try await blocking {
                try LibgearmanClient(port: port).reply(to: Array(message.utf8), function: AgentUnderTest.function)
            }
            #expect(reply.starts(with: message.utf8.dropLast()))
        }
    }

    /// `steelyard send` with a libgearman worker that echoes the payload.
    @Test func worker() async throws {
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { gearmand in
                async let worked: Void = blocking { try Self.workOnce(port: gearmand.port) }
                let message = #"{"hpcs_action":"DELETE","hpcs_response":"PASS"}"#
                let result = try await SteelyardProgram.run(
                    ["send", "--gearman", gearmand.address, "--function", "echo", "-"],
                    input: Array(message.utf8)
                )
                #expect(result.code == 0, "\(result.error)")
                #expect(result.output == message + "\n")
                try await worked
            }
        }
    }

    private static func workOnce(port: Int) throws {
        guard let worker = gearman_worker_create(nil) else { throw ServerFailure("gearman_worker_create failed") }
        defer { gearman_worker_free(worker) }
        gearman_worker_remove_servers(worker)
        gearman_worker_set_timeout(worker, 60_000)
        gearman_worker_add_server(worker, "127.0.0.1", in_port_t(port))
        let echo = gearman_function_create_v2 { job, _ in
            gearman_job_send_complete(job, gearman_job_workload(job), gearman_job_workload_size(job))
        }
        gearman_worker_define_function(worker, "echo", 4, echo, 0, nil)
        let code = gearman_worker_work(worker)
        guard code == GEARMAN_SUCCESS else {
            throw ServerFailure("libgearman failed: \(String(cString: gearman_strerror(code)))")
        }
    }

    private typealias Environment = TestServers.Environment
}
