// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// The archive of each load balancer contains its own lines and no others, as a real HAProxy writes them.
@Suite(Requirement.haproxy.trait)
struct ManyLogTests {
    /// Requests whose paths name the load balancer that receives them.
    private static func requests(_ set: LoadBalancerSet, _ round: String) async throws {
        for loadBalancer in set.loadBalancers {
            let path = "/for-\(loadBalancer.id.map { "\($0)" } ?? "")-\(round)"
            _ = try await HTTPClient(port: Int(loadBalancer.port.number)).get(path)
        }
    }

    /// The paths of the requests in a log.
    static func paths(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { (line: Substring) -> String? in
            guard let start = line.firstRange(of: Array("\"GET "))?.upperBound else { return nil }
            return String(line[start...].prefix { $0 != " " })
        }
    }

    @Test
    func eachHasItsOwnLines() async throws {
        let ids = ["in", "servers", "http", "a.b-c", "web", "web-in", "web-servers", String(repeating: "z", count: 64)]
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let monitor = try HealthMonitor(kind: .connect, delay: 1, timeout: 1, attempts: 1)
            let dead = try FreePort.next()
            let set = try LoadBalancerSet(
                ids.map { id in
                    try device.named(
                        id,
                        port: FreePort.next(),
                        [.local("up", node.port), .local("http-in", dead)],
                        monitor: monitor
                    )
                } + [device.named("tcp-web", .tcp, port: FreePort.next(), [.local("1", node.port)])]
            )
            try await device.driver.apply(set)
            try await eventually("the dead nodes are down") {
                try await device.driver.nodeStates().filter { $0.state == .down }.count == ids.count
            }
            for round in 1...2 { try await Self.requests(set, "\(round)") }
            let keys = set.loadBalancers.map(\.key)
            try await eventually("all is logged") {
                let archived = try await device.archived(keys)
                return archived.allSatisfy { $0.proxyKind == .http ? Self.paths($1).count == 2 : !$1.isEmpty }
            }
            let archived = try await device.archived(keys)
            for (key, id) in zip(keys, ids) {
                let text = archived[key, default: ""]
                #expect(Self.paths(text) == ["/for-\(id)-1", "/for-\(id)-2"])
                #expect(text.contains("Server http-\(id)-servers/id-http-in is DOWN"))
                let lines = text.split(separator: "\n")
                #expect(lines.allSatisfy { $0.contains(" http-\(id)-in ") || $0.contains(" http-\(id)-servers") })
            }
            let tcp = archived[keys[ids.count], default: ""].split(separator: "\n")
            #expect(!tcp.isEmpty && tcp.allSatisfy { $0.contains("tcp-tcp-web-") })
            // No line is lost: those without a load balancer are HAProxy's own.
            let all = try String(contentsOfFile: device.file("haproxy.log"), encoding: .utf8).split(separator: "\n")
            let stored = archived.values.flatMap { $0.split(separator: "\n") }
            #expect(all.filter { $0.contains("-in") || $0.contains("-servers") }.sorted() == stored.sorted())
        }
    }

    /// One load balancer, several, and one again, with the same and with other ids.
    @Test(arguments: [["web", "web"], ["web", "late"], ["late", "web"]], [false, true])
    func theFormsFollowEachOther(sole: [String], isRestarted: Bool) async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let ports = ["web": device.httpPort, "api": device.tcpPort, "late": device.httpPort]
            let steps: [[String]] = [
                [sole[0]], ["web", "api"], [sole[1]], ["api"], ["api", "web"], ["late"], ["web"], ["web", "api"],
            ]
            var driver = device.driver
            var expected: [LoadBalancerKey: [String]] = [:]
            let keys = try ["web", "api", "late"].map { try LoadBalancerKey.http($0) }
            for (round, ids) in steps.enumerated() {
                let set = try LoadBalancerSet(
                    ids.map { try device.named($0, port: ports[$0] ?? 0, [.local("1", node.port)]) }
                )
                try await driver.apply(set)
                try await Self.requests(set, "\(round)")
                for id in ids { expected[try .http(id), default: []].append("/for-\(id)-\(round)") }
                // With one load balancer, all lines are its own, until another has the device's first id.
                guard round > 0 else { continue }
                if isRestarted { driver = try device.restarted() }
                try await eventually("each has its lines after step \(round)") {
                    let archived = try await device.archived(keys, by: driver)
                    return keys.allSatisfy { Self.paths(archived[$0, default: ""]) == expected[$0, default: []] }
                }
            }
            try await driver.delete()
            let left = try FileManager.default.contentsOfDirectory(atPath: device.folder.path)
            #expect(left == ["state.json"])
            // The next load balancers start without any of it.
            try await driver.apply(
                LoadBalancerSet([device.named("late", port: device.httpPort, [.local("1", node.port)])])
            )
            #expect(!FileManager.default.fileExists(atPath: device.file("log-owners.json")))
            #expect(try await device.archived(keys, by: driver).values.allSatisfy { Self.paths($0).isEmpty })
        }
    }
}
