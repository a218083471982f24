// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Pools of many load balancers, which have the same ids.
@Suite(Requirement.haproxy.trait)
struct ManyPoolTests {
    @Test
    func eachPoolBelongsToItsLoadBalancer() async throws {
        let names = ["web", "web-api", "shop", "shop-api"]
        let back = try BackEnds(names)
        defer { back.stop() }
        try await withDevice { device in
            let ports = try ["web": FreePort.next(), "shop": FreePort.next()]
            func set(shopWeight: Int = 1) throws -> LoadBalancerSet {
                let list = ["web", "shop"].map { id in
                    #"""
                    {"id":"\#(id)","protocol":"HTTP","address":"127.0.0.1","port":\#(ports[id] ?? 0),
                    "nodes":[{"id":"1","address":"127.0.0.1","port":\#(back.port(id))}],
                    "pools":[{"id":"api","nodes":[{"id":"1","address":"127.0.0.1","port":\#(back.port(id + "-api")),
                    "weight":\#(id == "shop" ? shopWeight : 1)}]}],
                    "l7policies":[{"position":1,"action":"REDIRECT_TO_POOL","redirect_pool_id":"api",
                    "rules":[{"type":"PATH","compare_type":"STARTS_WITH","value":"/api"}]}]}
                    """#
                }
                let third = #"{"id":"db","protocol":"TCP","address":"127.0.0.1","port":\#(device.tcpPort),"nodes":[]}"#
                let all = (list + [third]).joined(separator: ",")
                return try #require(
                    LoadBalancerSet(message: Array(#"{"hpcs_action":"UPDATE","loadbalancers":[\#(all)]}"#.utf8))
                )
            }
            try await device.driver.apply(set())
            let received = Received()
            for id in ["web", "shop"] {
                #expect(try await received.get("/", .http(id), ports[id] ?? 0) == id)
                #expect(try await received.get("/api/x", .http(id), ports[id] ?? 0) == "\(id)-api")
            }
            try await expectExact(device.driver, received)
            func nodes() async throws -> [String] {
                try await device.driver.nodeStates().map { node in
                    [node.loadBalancer?.description, node.pool?.description, node.id.description].compactMap(\.self)
                        .joined(separator: " ")
                }
            }
            #expect(try await nodes() == ["web 1", "web api 1", "shop 1", "shop api 1"])

            try await device.driver.apply(set(shopWeight: 9))
            #expect(try await device.processes()?.reloads == 0)
            let heavy = try await device.servers().filter { $0.weight == 9 }.map(\.name.description)
            #expect(heavy == ["http-shop-servers:api/id-1"])

            let keys = try [LoadBalancerKey.http("web"), .http("shop")]
            try await eventually("each has its lines") {
                let archived = try await device.archived(keys)
                return ["web", "shop"].allSatisfy { id in
                    let lines =
                        (try? archived[.http(id)])?.split(separator: "\n").filter { $0.contains("\"GET ") } ?? []
                    return lines.count == 2
                        && lines.contains { $0.contains(" http-\(id)-in http-\(id)-servers:api/id-1 ") }
                        && lines.contains { $0.contains(" http-\(id)-in http-\(id)-servers/id-1 ") }
                }
            }
            #expect(ManyLogTests.paths(try await device.archived([.http("shop")]).values.joined()) == ["/", "/api/x"])
        }
    }
}
