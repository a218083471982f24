// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// Many load balancers through the whole agent, with a real job server, HAProxy and OpenStack Swift.
@Suite(
    Requirement.gearmand.trait,
    Requirement.haproxy.trait,
    Requirement.openStackSwift.trait,
    .openStackSwiftServer
)
struct ManyLoadBalancersTests {
    private struct Device {
        let back: HTTPBackEnd
        let ports: [String: Int]

        init() throws {
            back = try HTTPBackEnd(name: "served")
            ports = try ["web": FreePort.next(), "api": FreePort.next(), "db": FreePort.next()]
        }

        func update(_ ids: [String]) -> String {
            let list = ids.map { id in
                #"""
                {"id":"\#(id)","protocol":"\#(id == "db" ? "TCP" : "HTTP")","address":"127.0.0.1","port":\#(ports[id] ?? 0),
                "nodes":[{"id":"n","address":"127.0.0.1","port":\#(back.port)}]}
                """#
            }
            return #"{"hpcs_action":"UPDATE","loadbalancers":[\#(list.joined(separator: ","))]}"#
        }

        func archive(_ store: OpenStackSwiftServer, _ container: String, _ ids: [String]) -> String {
            let items = ids.map { #"{"id":"\#($0)","protocol":"\#($0 == "db" ? "TCP" : "HTTP")"}"# }
            return #"""
                {"hpcs_action":"ARCHIVE","hpcs_object_store_type":"swift","hpcs_object_store_token":"\#(store.token)",
                "hpcs_object_store_basepath":"\#(container)","hpcs_object_store_endpoint":"\#(store.endpoint)",
                "loadBalancers":[\#(items.joined(separator: ","))]}
                """#
        }

        /// The bytes of an answer.
        func get(_ id: String, _ path: String) async throws -> Int {
            let client = try await HTTPClient(port: ports[id] ?? 0)
            defer { client.close() }
            return try await client.get(path).byteCount
        }
    }

    /// One load balancer, three, and one again: each METRICS is exact, and each line is archived once, for its own id.
    @Test(arguments: ["full", "incremental"])
    func metersAndArchivesEach(mode: String) async throws {
        let store = try OpenStackSwiftServer.current
        let device = try Device()
        defer { device.back.stop() }
        let container = "many-\(mode)"
        let ids = ["web", "api", "db"]
        let variables = ["STEELYARD_ARCHIVE_MODE": mode]
        try await withAgent(driver: "haproxy", variables: variables) { agent in
            var agent = agent
            let log = agent.folder.appending(path: "state/haproxy.log")
            var expected: [String: [String]] = [:]
            for (round, served) in [["web"], ids, ["api", "web", "db"], ["api"], ["web", "db"]].enumerated() {
                let updated = try await agent.reply(to: device.update(served))
                #expect(updated["hpcs_response"] as? String == "PASS", "\(updated["hpcs_error"] ?? "")")
                var received: [String: Int] = [:]
                for id in served {
                    let path = "/for-\(id)-\(round)"
                    received[id] = try await device.get(id, path)
                    expected[id, default: []].append(path)
                }
                let stats = try await agent.send("stats").reply()
                let nodes = try #require(stats["nodes"] as? [[String: String]])
                #expect(nodes.map { $0["load_balancer_id"] } == served)
                try await expectMetered(agent, received, hasIDs: !(round == 0 || round == 4))
                try await eventually("HAProxy has logged all requests") {
                    let text = try String(contentsOf: log, encoding: .utf8)
                    let sessions = text.matches(of: #/\stcp-(db-)?servers/id-n\s/#).count
                    return served.allSatisfy { $0 == "db" || text.contains("/for-\($0)-\(round) ") }
                        && sessions == expected["db", default: []].count
                }
                if round == 2 {
                    agent.process.send(signal: SIGKILL)
                    _ = try await agent.process.wait()
                    agent = try await agent.restarted(driver: "haproxy", variables: variables)
                }
                // Until others join it, all lines are those of the only load balancer.
                guard mode == "incremental" || round == 4 else { continue }
                let wanted = round == 0 ? ["web"] : ids
                let reply = try await agent.reply(to: device.archive(store, container, wanted))
                #expect(reply["hpcs_response"] as? String == "PASS", "\(reply["hpcs_error"] ?? "")")
            }
            for id in ids {
                var lines: [String] = []
                for name in try await store.names(in: container) where name.hasPrefix("\(id)/") {
                    let object = try #require(try await store.object("\(container)/\(name)"))
                    lines += String(decoding: try await Gunzip.run(object.content), as: UTF8.self).split(
                        separator: "\n"
                    )
                    .map(String.init)
                }
                let paths = lines.compactMap { line in
                    line.split(separator: "\"GET ").dropFirst().first.map { String($0.prefix { $0 != " " }) }
                }
                #expect(paths.sorted() == (id == "db" ? [] : expected[id, default: []].sorted()), "\(id)")
                let sessions = lines.count { $0.contains(#/\stcp-(db-)?servers/id-n\s/#) }
                #expect(sessions == (id == "db" ? expected[id]?.count : 0), "\(id)")
            }
            _ = try await agent.send("delete")
            await agent.process.stop()
        }
    }

    /// Sends METRICS until one reports all bytes; each reports those since the last one.
    private func expectMetered(_ agent: AgentUnderTest, _ received: [String: Int], hasIDs: Bool) async throws {
        var sums: [String: Int] = [:]
        var byID: [String: Int] = [:]
        let http = received.filter { $0.key != "db" }.values.reduce(0, +)
        try await eventually("all bytes are reported") {
            let reply = try await agent.send("metrics").reply()
            for entry in reply["loadBalancers"] as? [[String: Any]] ?? [] {
                let bytes = entry["bytes_out"] as? Int ?? 0
                if let id = entry["id"] as? String {
                    byID[id, default: 0] += bytes
                } else if let name = entry["protocol"] as? String {
                    sums[name, default: 0] += bytes
                }
            }
            return sums["http", default: 0] >= http && sums["tcp", default: 0] >= received["db", default: 0]
        }
        // The next one waits until the last one is committed.
        try await eventually("the last METRICS is confirmed") {
            try await agent.send("metrics").reply()["hpcs_error_code"] as? String != "busy"
        }
        #expect(sums["http", default: 0] == http)
        #expect(sums["tcp", default: 0] == received["db", default: 0])
        if hasIDs { for (id, bytes) in received { #expect(byID[id] == bytes, "\(id)") } }
    }
}
