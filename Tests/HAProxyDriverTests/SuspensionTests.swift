// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import TestServers
import Testing

@testable import HAProxyDriver

/// SUSPEND and ENABLE, through a real HAProxy.
@Suite(Requirement.haproxy.trait)
struct SuspensionTests {
    @Test
    func suspendClosesEverythingAndEnableOpensIt() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            try await device.driver.apply(LoadBalancerSet([device.http(nodes), device.tcp(nodes)]))
            let before = try await device.processes()
            let keptAlive = try await HTTPClient(port: device.httpPort)
            _ = try await keptAlive.get("/")
            let session = try await HTTPClient(port: device.tcpPort)
            _ = try await session.get("/")

            try await device.driver.suspend()
            #expect(try await !LoopbackSocket.accepts(device.httpPort))
            #expect(try await !LoopbackSocket.accepts(device.tcpPort))
            #expect(await keptAlive.isDead())
            #expect(await session.isDead())
            #expect(try await device.driver.status() == .suspended)

            try await device.driver.enable()
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            #expect(try await HTTPClient(port: device.tcpPort).get("/").text == "node")
            // Still the same worker: counters and checks continued.
            #expect(try await device.processes() == before)
        }
    }

    @Test
    func aRequestUnderWayMayEnd() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice(suspendGrace: 60) { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
            let client = try await HTTPClient(port: device.httpPort)
            async let answer = client.get("/held/1000")
            try await eventually("the node has the request") { node.requestCount == 1 }
            let suspension = Task { try await device.driver.suspend() }
            try await eventually("the port is closed") { try await !LoopbackSocket.accepts(device.httpPort) }
            node.release()
            #expect(try await answer.body.count == 1000)
            client.close()
            try await suspension.value
        }
    }

    /// Longer than every other wait of a SUSPEND.
    @Test
    func theGraceIsTheOperators() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice(suspendGrace: 60) { device in
            let nodes = [try Node.local("1", node.port)]
            try await device.driver.apply(LoadBalancerSet([device.http(nodes), device.tcp(nodes)]))
            let client = try await HTTPClient(port: device.tcpPort)
            async let answer = client.get("/slow/1000/6000")
            try await eventually("the node has the request") { node.requestCount == 1 }
            let suspension = Task { try await device.driver.suspend() }
            #expect(try await answer.body.count == 1000)
            #expect(try await !LoopbackSocket.accepts(device.httpPort))
            client.close()
            try await suspension.value
            #expect(try await device.driver.status() == .suspended)
        }
    }

    @Test
    func withoutAGraceEverythingEndsAtOnce() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice(suspendGrace: 0) { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
            let client = try await HTTPClient(port: device.httpPort)
            let answer = Task { try await client.get("/held/1000") }
            try await eventually("the node has the request") { node.requestCount == 1 }
            try await device.driver.suspend()
            #expect((try? await answer.value)?.body.count != 1000)
        }
    }

    @Test
    func suspensionOutlivesHAProxyAndTheAgent() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
            try await device.driver.suspend()
            let master = try #require(try await device.processes()?.master)
            ProcessHandle(master)?.send(9)
            let next = try device.restarted()
            try await supervised(next) {
                try await eventually("HAProxy runs again") {
                    try await device.processes().map { $0.master != master } ?? false
                }
                #expect(try await !LoopbackSocket.accepts(device.httpPort))
                #expect(try await next.status() == .suspended)
                try await next.enable()
                #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            }
        }
    }

    /// The connections that an UPDATE leaves to the old worker; the second time, SUSPEND finds another HAProxy.
    @Test(arguments: [false, true])
    func suspendClosesWhatOldWorkersHold(isForeign: Bool) async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            func set(_ id: String) throws -> LoadBalancerSet {
                let nodes = [try Node.local(id, node.port)]
                // Other options require a reload.
                let options = try ConnectionOptions(connectRetries: id == "1" ? 1 : 2)
                return try LoadBalancerSet([device.http(nodes, options: options), device.tcp(nodes)])
            }
            try await device.driver.apply(set("1"))
            let keptAlive = try await HTTPClient(port: device.httpPort)
            var received: [ProxyKind: UInt64] = [:]
            received[.http] = UInt64(try await keptAlive.get("/bytes/3000").byteCount)
            let session = try await HTTPClient(port: device.tcpPort)
            received[.tcp] = UInt64(try await session.get("/bytes/2000").byteCount)
            if isForeign {
                let other = HAProxyRenderer(device.configuration).render(try set("2"), isSuspended: false)
                let good = try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8)
                try other.text.write(toFile: device.file("haproxy.cfg"), atomically: true, encoding: .utf8)
                try await device.reload(other)
                try good.write(toFile: device.file("haproxy.cfg"), atomically: true, encoding: .utf8)
            } else {
                try await device.driver.apply(set("2"))
            }
            #expect(try await device.processes()?.oldWorkers.count == 1)

            try await device.driver.suspend()
            #expect(await keptAlive.isDead())
            #expect(await session.isDead())
            try await eventually("the old workers have ended") { try await device.processes()?.oldWorkers == [] }
            let report = try await device.driver.usage()
            #expect(Dictionary(report.entries.map { ($0.proxyKind, $0.bytesOut) }) { $1 } == received)
            try await device.driver.enable()
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
        }
    }

    @Test
    func aPortThatWasTakenMeanwhileIsNamed() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            try await device.driver.apply(LoadBalancerSet([device.http(nodes), device.tcp(nodes)]))
            try await device.driver.suspend()
            let other = try HTTPBackEnd(name: "other", port: device.tcpPort)
            let field = LoadBalancerField(loadBalancer: 1, name: "port")
            let foreseen = await #expect(throws: DriverError.self) { _ = try await device.driver.preview(.enable) }
            #expect(foreseen?.code == .addressInUse)
            #expect(foreseen?.field == field)
            let error = await #expect(throws: DriverError.self) { try await device.driver.enable() }
            #expect(error == foreseen)
            #expect(try await device.driver.status() == .suspended)
            #expect(try await !LoopbackSocket.accepts(device.httpPort))
            other.stop()
            try await eventually("the port is free") { (try? await device.driver.enable()) != nil }
            #expect(try await HTTPClient(port: device.tcpPort).get("/").text == "node")
        }
    }
}
