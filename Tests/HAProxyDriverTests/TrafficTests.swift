// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import Synchronization
import TestServers
import Testing

@testable import HAProxyDriver

/// What clients observe, through a real HAProxy.
@Suite(Requirement.haproxy.trait)
struct TrafficTests {
    @Test
    func httpAndTCPReachTheirNodes() async throws {
        let (one, two) = (try HTTPBackEnd(name: "one"), try HTTPBackEnd(name: "two"))
        defer {
            one.stop()
            two.stop()
        }
        try await withDevice { device in
            let nodes = [try Node.local("1", one.port), try Node.local("2", two.port)]
            try await device.driver.apply(LoadBalancerSet([device.http(nodes), device.tcp([nodes[1]])]))
            var seen: Set<String> = []
            for _ in 0..<4 { seen.insert(try await HTTPClient(port: device.httpPort).get("/").text) }
            #expect(seen == ["one", "two"])
            #expect(try await HTTPClient(port: device.tcpPort).get("/").text == "two")
        }
    }

    @Test
    func anUpdateMovesClientsWithoutABrokenRequest() async throws {
        let (one, two) = (try HTTPBackEnd(name: "one"), try HTTPBackEnd(name: "two"))
        defer {
            one.stop()
            two.stop()
        }
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", one.port)])]))
            let answers = AnswerCount()
            let clients = Task {
                while !Task.isCancelled {
                    _ = try await HTTPClient(port: device.httpPort).get("/bytes/100")
                    answers.count.withLock { $0 += 1 }
                }
            }
            for round in 0..<6 {
                let node = try Node.local("\(round)", round.isMultiple(of: 2) ? two.port : one.port)
                try await device.driver.apply(LoadBalancerSet([device.http([node])]))
                let answer = try await HTTPClient(port: device.httpPort).get("/")
                #expect(answer.text == (round.isMultiple(of: 2) ? "two" : "one"))
                let before = answers.count.withLock { $0 }
                try await eventually("clients continue") { answers.count.withLock { $0 } > before + 1 }
            }
            clients.cancel()
            try await clients.value
        }
    }

    @Test
    func anEqualUpdateChangesNothing() async throws {
        try await withDevice { device in
            let set = try LoadBalancerSet([device.http([.local("1", FreePort.next())])])
            try await device.driver.apply(set)
            let before = try await device.processes()
            try await device.driver.apply(set)
            #expect(try await device.processes() == before)
            #expect(before?.reloads == 0)
        }
    }

    @Test
    func aTakenPortFailsAtOnceAndTheOldOneServes() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            let old = try LoadBalancerSet([device.http(nodes)])
            try await device.driver.apply(old)
            let before = try await device.processes()
            let taken = try LoadBalancerSet([device.http(nodes), device.tcp(nodes, port: node.port)])
            let error = await #expect(throws: DriverError.self) { try await device.driver.apply(taken) }
            #expect(error?.code == .addressInUse)
            #expect(error?.field == LoadBalancerField(loadBalancer: 1, name: "port"))
            #expect(try await device.processes() == before)
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            try await device.driver.apply(old)
            #expect(try await device.processes() == before)
        }
    }

    /// The port is in use in a way that a probe does not detect, so that HAProxy itself must report it.
    @Test
    func aReloadThatFailsIsTakenBack() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            try await device.driver.apply(LoadBalancerSet([device.http(nodes)]))
            let file = try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8)
            let renderer = HAProxyRenderer(device.configuration)
            let bad = renderer.render(try LoadBalancerSet([device.tcp(nodes, port: node.port)]), isSuspended: false)
            try bad.text.write(toFile: device.file("haproxy.cfg"), atomically: true, encoding: .utf8)
            let error = await #expect(throws: DriverError.self) { try await device.reload(bad) }
            #expect(error?.code == .addressInUse)
            #expect(error?.field == LoadBalancerField(loadBalancer: 0, name: "port"))
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            // The next message finds the file changed, and restores it.
            try await device.driver.apply(LoadBalancerSet([device.http(nodes)]))
            #expect(try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8) == file)
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
        }
    }

    @Test
    func persistenceSurvivesDraining() async throws {
        let (one, two) = (try HTTPBackEnd(name: "one"), try HTTPBackEnd(name: "two"))
        defer {
            one.stop()
            two.stop()
        }
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", one.port)])]))
            let cookie = try await HTTPClient(port: device.httpPort).get("/").cookie
            let drained = [
                try Node.local("1", one.port, .draining), try Node.local("2", two.port),
            ]
            try await device.driver.apply(LoadBalancerSet([device.http(drained)]))
            for _ in 0..<4 { #expect(try await HTTPClient(port: device.httpPort).get("/").text == "two") }
            let faithful = try await HTTPClient(port: device.httpPort).get("/", cookie: cookie)
            #expect(faithful.text == "one")
        }
    }

    @Test
    func galeraServesFromItsMainNode() async throws {
        let (one, two) = (try HTTPBackEnd(name: "one"), try HTTPBackEnd(name: "two"))
        defer {
            one.stop()
            two.stop()
        }
        try await withDevice { device in
            let nodes = [try Node.local("1", one.port), try Node.local("2", two.port)]
            try await device.driver.apply(LoadBalancerSet([device.tcp(nodes, as: .galera)]))
            for _ in 0..<4 { #expect(try await HTTPClient(port: device.tcpPort).get("/").text == "one") }
        }
    }

    @Test
    func withoutNodesHTTPAnswers503AndTCPCloses() async throws {
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([]), device.tcp([])]))
            #expect(try await HTTPClient(port: device.httpPort).get("/").status == 503)
            #expect(try await HTTPClient(port: device.tcpPort).isDead())
        }
    }
}

/// The number of responses that clients have received.
private final class AnswerCount: Sendable {
    let count = Mutex(0)
}
