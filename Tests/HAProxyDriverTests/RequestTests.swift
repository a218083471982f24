// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

@testable import HAProxyDriver

/// The path of a request to a node, and its line in the log.
@Suite(Requirement.haproxy.trait)
struct RequestTests {
    @Test
    func aNodeIsNotAskedToChangeToHTTP2() async throws {
        let heads = Mutex<[String]>([])
        let node = LoopbackScript { connection, _ in
            while let head = connection.readHead() {
                heads.withLock { $0.append(head.lowercased()) }
                connection.answer("200 OK", "hello")
            }
        }
        try await node.serve { node in
            try await withDevice { device in
                try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
                for (place, name) in ["h2c", "H2C", "websocket, h2c", "websocket"].enumerated() {
                    _ = try await blocking { [port = device.httpPort] in
                        let socket = try LoopbackSocket.connected(to: port)
                        let fields =
                            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: \(name)\r\nHTTP2-Settings: AAMAAABk\r\n"
                            + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                        socket.write(Array("GET /\(place)- HTTP/1.1\r\nHost: h\r\n\(fields)\r\n".utf8))
                        return socket.read()
                    }
                }
            }
        }
        // From 2.8 on, HAProxy itself removes h2c from a list.
        let received = heads.withLock { $0 }
        for place in 0..<4 {
            let upgrades = received.filter { $0.hasPrefix("get /\(place)-") }.map { head in
                head.split(separator: "\r\n").first { $0.hasPrefix("upgrade:") } ?? ""
            }
            #expect(!upgrades.isEmpty && upgrades.allSatisfy { !$0.contains("h2c") }, "\(received)")
            #expect(place < 3 || upgrades.allSatisfy { $0.contains("websocket") }, "\(received)")
        }
    }

    @Test
    func aLongLineIsLoggedWholeAndEachLineHasADate() async throws {
        let back = try HTTPBackEnd(name: "node")
        defer { back.stop() }
        try await withDevice { device in
            let monitor = try HealthMonitor(kind: .connect, delay: 1, timeout: 1, attempts: 1)
            let nodes = [try Node.local("1", back.port), try Node.local("down", FreePort.next())]
            try await device.driver.apply(LoadBalancerSet([device.http(nodes, monitor: monitor)]))
            try await eventually("its check has failed") {
                try await device.driver.nodeStates().map(\.state) == [.up, .down]
            }
            let path = "/" + String(repeating: "p", count: 7000)
            #expect(try await HTTPClient(port: device.httpPort).get(path).status == 200)
            let log = device.file("haproxy.log")
            func lines() throws -> [Substring] {
                try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
            }
            try await eventually("both are logged") {
                try lines().contains { $0.contains("id-down is DOWN") } && lines().contains { $0.contains("GET") }
            }
            #expect(try lines().contains { $0.hasSuffix("\"GET \(path) HTTP/1.1\"") })
            for line in try lines() {
                #expect(line.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^ ]* .*/) != nil, "\(line)")
            }
            let archived = try await device.driver.openLog().lines(of: [LogPart(.http)])[0]
            #expect(archived.lineCount == UInt64(try lines().count))
        }
    }

    @Test(arguments: [true, false])
    func aConnectionWithoutARequestIsLoggedWhereTheOperatorWantsIt(isLogged: Bool) throws {
        let configuration = try HAProxyConfiguration([
            "buffer_size": .of(isLogged ? nil : 32_768), "max_headers": .of(isLogged ? nil : 200),
            "log_line_bytes": .of(isLogged ? nil : 1000), "log_empty_connections": .of(isLogged),
        ])
        let facts = DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: nil)
        let set = try LoadBalancerSet([LoadBalancer(protocol: .http, port: .http, nodes: [])])
        let text = HAProxyRenderer(configuration, facts).render(set)
        #expect(text.contains("    option dontlognull\n") != isLogged)
        #expect(text.contains("    log stdout len \(isLogged ? 16_384 : 1000) format iso local0\n"))
        #expect(text.contains("    tune.bufsize 32768\n") != isLogged)
        #expect(text.contains("    tune.http.maxhdr 200\n") != isLogged)
    }

    @Test
    func otherSizesAreRefused() {
        for size in [0, 16_383, 1_048_577] {
            let error = #expect(throws: SettingError.self) { try HAProxyConfiguration(["buffer_size": .of(size)]) }
            #expect(error?.key == "haproxy.buffer_size")
        }
        for count in [63, 32_768] {
            let error = #expect(throws: SettingError.self) { try HAProxyConfiguration(["max_headers": .of(count)]) }
            #expect(error?.key == "haproxy.max_headers")
        }
        for count in [255, 65_536] {
            let error = #expect(throws: SettingError.self) {
                try HAProxyConfiguration(["log_line_bytes": .of(count)])
            }
            #expect(error?.key == "haproxy.log_line_bytes")
        }
        let error = #expect(throws: SettingError.self) {
            try HAProxyConfiguration(["denied_nodes": ["::1", "x"]])
        }
        #expect(error?.key == "haproxy.denied_nodes")
    }

    /// With HAProxy's default spreading, the first check of a node could be as late as its interval.
    @Test(arguments: [1, 3])
    func aNewNodeIsCheckedAtOnce(attempts: Int) async throws {
        let back = try HTTPBackEnd(name: "node")
        defer { back.stop() }
        try await withDevice { device in
            let monitor = try HealthMonitor(kind: .connect, delay: 3600, timeout: 30, attempts: attempts)
            var nodes = [try Node.local("1", back.port), try Node.local("2", FreePort.next())]
            let algorithm = BalancingAlgorithm.leastConnections
            try await device.driver.apply(LoadBalancerSet([device.http(nodes, monitor: monitor, algorithm: algorithm)]))
            try await eventually("checked after a start") {
                try await device.driver.nodeStates().map(\.state) == [.up, .down]
            }
            nodes.append(try .local("3", FreePort.next()))
            try await device.driver.apply(LoadBalancerSet([device.http(nodes, monitor: monitor, algorithm: algorithm)]))
            #expect(try await device.processes()?.reloads == 0)
            try await eventually("checked after it was added") {
                try await device.driver.nodeStates().map(\.state) == [.up, .down, .down]
            }
            nodes.append(try .local("4", FreePort.next()))
            try await device.driver.apply(LoadBalancerSet([device.http(nodes, monitor: monitor)]))
            #expect(try await device.processes()?.reloads == 1)
            try await eventually("checked after a reload") {
                try await device.driver.nodeStates().map(\.state) == [.up, .down, .down, .down]
            }
        }
    }
}
