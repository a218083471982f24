// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// The state that a new worker takes over from the old one.
@Suite(Requirement.haproxy.trait)
struct CarryTests {
    /// If a new worker considered a failed node up, clients would be sent to it.
    @Test
    func aNodeThatIsDownStaysDown() async throws {
        let back = try BackEnds(["up"])
        defer { back.stop() }
        try await withDevice { device in
            let monitor = try HealthMonitor(kind: .connect, delay: 2, timeout: 1, attempts: 1)
            let nodes = [try Node.local("up", back.port("up")), try Node.local("down", FreePort.next())]
            func set(_ retries: Int) throws -> LoadBalancerSet {
                let options = try ConnectionOptions(connectRetries: retries)
                return try LoadBalancerSet([device.http(nodes, monitor: monitor, options: options)])
            }
            try await device.driver.apply(set(1))
            try await eventually("its check has failed") {
                try await device.driver.nodeStates().map(\.state) == [.up, .down]
            }
            // HAProxy counts whole seconds, and loses the time between the two workers.
            let longAgo: Int64 = 6_000_000
            try await eventually("both states are old") {
                try await device.driver.nodeStates().allSatisfy {
                    $0.since.map { UTCTimestamp.now.microseconds - $0.microseconds > longAgo } ?? false
                }
            }
            let begun = UTCTimestamp.now
            try await device.driver.apply(set(2))
            #expect(try await device.processes()?.reloads == 1)
            let after = try await device.driver.nodeStates()
            #expect(after.map(\.state) == [.up, .down])
            for node in after { #expect(try #require(node.since).microseconds < begun.microseconds - longAgo / 2) }
        }
    }

    /// A load balancer that others join gets other names in HAProxy, and its nodes keep their states; also on the way
    /// back.
    @Test
    func aNodeThatIsDownStaysDownUnderAnotherName() async throws {
        let back = try BackEnds(["up"])
        defer { back.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("up", back.port("up")), try Node.local("down", FreePort.next())]
            func set(_ delay: Int, isAlone: Bool) throws -> LoadBalancerSet {
                let monitor = try HealthMonitor(kind: .connect, delay: delay, timeout: 1, attempts: 1)
                func owner(_ id: String, _ port: Int) throws -> LoadBalancer {
                    try LoadBalancer(
                        id: Identifier(id),
                        protocol: .http,
                        address: IPAddress("127.0.0.1"),
                        port: Port(port),
                        monitor: monitor,
                        nodes: nodes
                    )
                }
                let first = try owner("first", device.httpPort)
                return try LoadBalancerSet(isAlone ? [first] : [owner("second", device.tcpPort), first])
            }
            func states() async throws -> [NodeStatus.State] {
                try await device.driver.nodeStates().filter { $0.loadBalancer?.description == "first" }.map(\.state)
            }
            try await device.driver.apply(set(1, isAlone: true))
            try await eventually("its check has failed") { try await states() == [.up, .down] }
            try await device.driver.apply(set(1, isAlone: false))
            #expect(try await states() == [.up, .down])
            try await device.driver.apply(set(1, isAlone: true))
            #expect(try await states() == [.up, .down])
        }
    }

    /// HAProxy would prefer the old worker's port to its configuration's.
    @Test
    func aNodeThatMovesWithAReloadIsWhereItShouldBe() async throws {
        let back = try BackEnds(["old", "new"])
        defer { back.stop() }
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", back.port("old"))])]))
            let options = try ConnectionOptions(connectRetries: 1)
            let moved = [try Node.local("1", back.port("new"), weight: 9)]
            try await device.driver.apply(LoadBalancerSet([device.http(moved, options: options)]))
            #expect(try await device.processes()?.reloads == 1)
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "new")
            #expect(try await device.servers().map(\.weight) == [9])
        }
    }

    /// HAProxy prefers the weight of the state file if its configuration has the initial weight.
    @Test
    func aWeightThatIsSetBackWithAReloadIsTheWantedOne() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            func set(weight: Int, retries: Int) throws -> LoadBalancerSet {
                let options = try ConnectionOptions(connectRetries: retries)
                return try LoadBalancerSet([device.http([.local("1", node.port, weight: weight)], options: options)])
            }
            try await device.driver.apply(set(weight: 1, retries: 1))
            try await device.driver.apply(set(weight: 5, retries: 1))
            #expect(try await device.processes()?.reloads == 0)
            #expect(try await device.servers().map(\.weight) == [5])
            try await device.driver.apply(set(weight: 1, retries: 2))
            #expect(try await device.processes()?.reloads == 1)
            #expect(try await device.servers().map(\.weight) == [1])
        }
    }

    /// The results of one monitor do not apply to another one.
    @Test
    func anotherMonitorBeginsAnew() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            let strict = try HealthMonitor(
                kind: .http,
                delay: 60,
                timeout: 30,
                attempts: 1,
                path: MonitorPath("/status/503")
            )
            try await device.driver.apply(LoadBalancerSet([device.http(nodes, monitor: strict)]))
            try await eventually("the node is down") { try await device.driver.nodeStates().map(\.state) == [.down] }
            // A failed node needs two successful checks to be up.
            let other = try HealthMonitor(kind: .connect, delay: 60, timeout: 30, attempts: 2)
            try await device.driver.apply(LoadBalancerSet([device.http(nodes, monitor: other)]))
            #expect(try await device.processes()?.reloads == 1)
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
        }
    }

    @Test
    func whatChecksFoundOnceIsNotBelievedByALaterStart() async throws {
        try await withDevice { device in
            let nodes = [try Node.local("1", FreePort.next())]
            try await device.driver.apply(LoadBalancerSet([device.http(nodes)]))
            let options = try ConnectionOptions(connectRetries: 1)
            try await device.driver.apply(LoadBalancerSet([device.http(nodes, options: options)]))
            #expect(try String(contentsOfFile: device.file("servers.state"), encoding: .utf8) == "1\n")
        }
    }

    @Test
    func clientsOfTCPStayWithTheirNodes() async throws {
        let back = try BackEnds(["one", "two"])
        defer { back.stop() }
        try await withDevice { device in
            func set(_ retries: Int, oneIs condition: NodeCondition) throws -> LoadBalancerSet {
                let nodes = [
                    try Node.local("1", back.port("one"), weight: 200, condition),
                    try Node.local("2", back.port("two")),
                ]
                let options = try ConnectionOptions(connectRetries: retries)
                return try LoadBalancerSet([device.tcp(nodes, options: options)])
            }
            try await device.driver.apply(set(1, oneIs: .disabled))
            #expect(try await HTTPClient(port: device.tcpPort).get("/").text == "two")
            // A worker that was started, not reloaded, waits for a peer's table before it sends its own.
            try await eventually("HAProxy has waited for peers") {
                try await device.command("show peers").contains("resync_timeout=<PAST>")
            }
            for reload in 1...3 {
                try await device.driver.apply(set(1 + reload, oneIs: .enabled))
                #expect(try await device.processes()?.reloads == reload)
                // The old worker sends its table once the new one listens.
                try await eventually("the new worker has the table") {
                    try await device.command("show table tcp-servers").contains("server_key=id-2")
                }
                for _ in 0..<3 { #expect(try await HTTPClient(port: device.tcpPort).get("/").text == "two") }
            }
        }
    }
}
