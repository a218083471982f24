// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
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
            // The same worker all the time: counters and checks went on.
            #expect(try await device.processes() == before)
        }
    }

    @Test
    func aRequestUnderWayMayEnd() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
            let client = try await HTTPClient(port: device.httpPort)
            async let answer = client.get("/slow/1000/300")
            try await Task.sleep(for: .milliseconds(50))
            try await device.driver.suspend()
            #expect(try await answer.body.count == 1000)
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
                try await eventually("HAProxy is back") {
                    try await device.processes().map { $0.master != master } ?? false
                }
                #expect(try await !LoopbackSocket.accepts(device.httpPort))
                #expect(try await next.status() == .suspended)
                try await next.enable()
                #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            }
        }
    }
}
