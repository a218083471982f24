// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Limits and client networks, as clients observe them.
@Suite(Requirement.haproxy.trait)
struct AccessTrafficTests {
    private func networks(_ texts: String...) -> [IPNetwork] { texts.compactMap { IPNetwork($0) } }

    @Test
    func theClientIsTheOneOfThePROXYHeader() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let access = try ClientAccess(allowedNetworks: networks("192.0.2.0/24"), acceptsProxyProtocol: true)
            let nodes = [try Node.local("1", node.port)]
            try await device.driver.apply(
                LoadBalancerSet([device.http(nodes, access: access), device.tcp(nodes, access: access)])
            )
            let local = RawClient.local
            for port in [device.httpPort, device.tcpPort] {
                for header in [RawClient.v1("192.0.2.1"), RawClient.v2("192.0.2.255")] {
                    #expect(try await RawClient.ask(port, after: header).hasSuffix("node"))
                }
                // A proxy's own connection has its own address.
                for header in [
                    RawClient.v1("198.51.100.1"), RawClient.v2("10.0.0.1"), local, Array("PROXY x\r\n".utf8), [],
                ] {
                    #expect(try await !RawClient.ask(port, after: header).contains("node"), "\(header)")
                }
            }
            let all = try ClientAccess(acceptsProxyProtocol: true)
            try await device.driver.apply(LoadBalancerSet([device.http(nodes, access: all)]))
            #expect(try await RawClient.ask(device.httpPort, after: local).hasSuffix("node"))
            #expect(try await RawClient.ask(device.httpPort, after: []).isEmpty)
        }
    }

    /// A client in both lists has no failure while the lists change.
    @Test
    func clientNetworksChangeWithoutAReload() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            func apply(_ allowed: [IPNetwork]?, _ exceptions: [IPNetwork] = []) async throws {
                let access = try ClientAccess(
                    allowedNetworks: allowed,
                    rateLimit: RateLimit(concurrentConnections: 1000, exceptions: exceptions)
                )
                try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)], access: access)]))
            }
            try await apply(networks("127.0.0.1"))
            let before = try await device.processes()
            let load = HTTPLoad(port: device.httpPort, body: Array("node".utf8), clients: [.init(keepsAlive: false)])
            for round in 0..<20 {
                try await apply(networks("127.0.0.0/8", "10.\(round).0.0/16"), networks("10.9.9.\(round)"))
                let file = try String(contentsOfFile: device.file("http-in-allowed.acl"), encoding: .utf8)
                #expect(file == "10.\(round).0.0/16\n127.0.0.0/8\n")
            }
            let tally = try await load.stop()
            #expect(tally.failures.isEmpty && tally.answers > 20, "\(tally.failures.prefix(3))")
            try await apply(networks("10.0.0.0/8"))
            #expect(try await RawClient.ask(device.httpPort).isEmpty)
            try await apply((0..<2000).compactMap { IPNetwork("10.0.\($0 / 256).\($0 % 256)") } + networks("127.0.0.1"))
            #expect(try await RawClient.ask(device.httpPort).hasSuffix("node"))
            let entries = try await device.command("show acl \(device.file("http-in-allowed.acl"))").split(
                separator: "\n"
            )
            #expect(entries.count == 2001)
            #expect(try await device.processes() == before)
            try await apply(nil)
            #expect(try await device.processes()?.reloads == 1)
            #expect(!FileManager.default.fileExists(atPath: device.file("http-in-allowed.acl")))
            #expect(FileManager.default.fileExists(atPath: device.file("http-in-except.acl")))
            try await device.driver.delete()
            #expect(!FileManager.default.fileExists(atPath: device.file("http-in-except.acl")))
        }
    }

    @Test
    func requestsOverTheRateGetTheStatus429() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            func apply(_ exceptions: [IPNetwork]) async throws {
                let access = try ClientAccess(rateLimit: RateLimit(requestsPerSecond: 1, exceptions: exceptions))
                try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)], access: access)]))
            }
            try await apply([])
            let client = try await HTTPClient(port: device.httpPort)
            var found: Set<Int> = []
            try await eventually("a second request within a second is rejected") {
                found.insert(try await client.get("/").status)
                return found == [200, 429]
            }
            try await apply(networks("127.0.0.0/30"))
            let other = try await HTTPClient(port: device.httpPort)
            found = []
            for _ in 0..<40 { found.insert(try await other.get("/").status) }
            #expect(found == [200])
            #expect(try await device.processes()?.reloads == 0)
        }
    }

    @Test
    func connectionsOverTheLimitsOfAClientAreClosed() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let access = try ClientAccess(rateLimit: RateLimit(concurrentConnections: 2), acceptsProxyProtocol: true)
            try await device.driver.apply(LoadBalancerSet([device.tcp([.local("1", node.port)], access: access)]))
            func connect(_ client: String) async throws -> LoopbackSocket {
                try await blocking { [port = device.tcpPort] in
                    let socket = try LoopbackSocket.connected(to: port)
                    socket.write(RawClient.v1(client) + Array("GET / HTTP/1.1\r\nHost: test\r\n\r\n".utf8))
                    return socket
                }
            }
            func isServed(_ socket: LoopbackSocket) async throws -> Bool {
                try await blocking { socket.read()?.isEmpty == false }
            }
            var held: [LoopbackSocket] = []
            for _ in 0..<2 {
                let socket = try await connect("192.0.2.1")
                #expect(try await isServed(socket))
                held.append(socket)
            }
            #expect(try await !isServed(connect("192.0.2.1")))
            #expect(try await isServed(connect("192.0.2.2")), "another client")
            held.removeLast().shutDown()
            try await eventually("another connection of the client is possible") {
                try await isServed(connect("192.0.2.1"))
            }
            let rate = try ClientAccess(rateLimit: RateLimit(connectionsPerSecond: 1))
            try await device.driver.apply(LoadBalancerSet([device.tcp([.local("1", node.port)], access: rate)]))
            var answers: Set<Bool> = []
            try await eventually("a second connection within a second is closed") {
                answers.insert(try await RawClient.ask(device.tcpPort).hasSuffix("node"))
                return answers == [true, false]
            }
        }
    }

    /// With one client more than allowed, that one waits; HAProxy must survive that the limit is raised meanwhile.
    @Test
    func oneClientMoreThanAllowedWaits() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            func apply(_ limit: Int?) async throws {
                let access = try ClientAccess(connectionLimit: limit)
                try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)], access: access)]))
            }
            try await apply(2)
            let first = try await HTTPClient(port: device.httpPort)
            let second = try await HTTPClient(port: device.httpPort)
            for client in [first, second] { #expect(try await client.get("/").text == "node") }
            let waiting = Task { try await HTTPClient(port: device.httpPort).get("/").text }
            try await eventually("it is queued") {
                try await device.command("show info").contains("\nCurrConns: 2\n")
            }
            #expect(try await device.driver.nodeStates().count == 1, "a full front end is open")
            first.close()
            #expect(try await waiting.value == "node")
            let master = try await device.processes()?.master
            let fourth = try await HTTPClient(port: device.httpPort)
            #expect(try await fourth.get("/").text == "node")
            let fifth = Task { try await HTTPClient(port: device.httpPort).get("/").text }
            try await apply(5)
            #expect(try await fifth.value == "node")
            try await apply(nil)
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            let processes = try await device.processes()
            #expect(processes?.master == master && processes?.reloads == 2 && processes?.failedReloads == 0)
        }
    }

    /// The server's queue is not empty while its limit changes.
    @Test
    func theLimitOfANodeChangesUnderLoad() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            func apply(_ limit: Int?, _ weight: Int = 1) async throws {
                let connections = try NodeConnections(limit: limit)
                let nodes = try [("1", node.port), ("2", node.port)].map { id, port in
                    try Node(
                        id: Identifier(id),
                        address: HostAddress("127.0.0.1"),
                        port: Port(port),
                        connections: connections
                    )
                }
                try await device.driver.apply(LoadBalancerSet([device.http(nodes), device.tcp(nodes)]))
            }
            try await apply(1)
            let before = try await device.processes()
            let clients = [HTTPLoad.Manner](repeating: .init(keepsAlive: false), count: 6)
            let load = HTTPLoad(port: device.httpPort, body: Array("node".utf8), clients: clients)
            for round in 0..<60 {
                let limit = [2, 1, nil, 1, 5, nil, 3][round % 7]
                try await apply(limit)
                let table = try #require(StatisticsTable(try await device.command("show stat -1 4 -1")))
                #expect(
                    table.rows.allSatisfy { $0["slim"] == limit.map { "\($0)" } ?? "" },
                    "\(table.rows.map { $0["slim"] })"
                )
            }
            let tally = try await load.stop()
            #expect(tally.failures.isEmpty && tally.answers > 60, "\(tally.failures.prefix(3))")
            #expect(try await device.processes() == before)
        }
    }

    /// A change that fails restores the list, and a dry run leaves no file.
    @Test
    func aFailedChangeRestoresTheList() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            func set(_ allowed: [IPNetwork], port: Int? = nil) throws -> LoadBalancerSet {
                let access = try ClientAccess(allowedNetworks: allowed)
                return try LoadBalancerSet([device.http([.local("1", node.port)], port: port, access: access)])
            }
            let old = try set(networks("127.0.0.1"))
            _ = try await device.driver.preview(.apply(old))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: device.folder.path).filter { $0.contains("acl") }
                    == []
            )
            try await device.driver.apply(old)
            let file = try String(contentsOfFile: device.file("http-in-allowed.acl"), encoding: .utf8)
            let new = try set(networks("10.0.0.0/8"))
            #expect(try await device.driver.preview(.apply(new)).contains("http allows 1 networks"))
            #expect(try String(contentsOfFile: device.file("http-in-allowed.acl"), encoding: .utf8) == file)
            // haproxy.cfg cannot be written, after the list was.
            let obstacle = device.file("haproxy.cfg.new")
            try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
            await #expect(throws: DriverError.self) {
                try await device.driver.apply(set(networks("10.0.0.0/8"), port: FreePort.next()))
            }
            try FileManager.default.removeItem(atPath: obstacle)
            #expect(try String(contentsOfFile: device.file("http-in-allowed.acl"), encoding: .utf8) == file)
            #expect(try await RawClient.ask(device.httpPort).hasSuffix("node"))
            let names = try FileManager.default.contentsOfDirectory(atPath: device.folder.path)
            #expect(names.filter { $0.contains("acl") } == ["http-in-allowed.acl"])
        }
    }

    @Test(arguments: [nil, "0.0.0.0/0\n"])
    func aListThatWasChangedIsRewrittenAndReported(content: String?) async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let access = try ClientAccess(allowedNetworks: networks("127.0.0.1"))
            let set = try LoadBalancerSet([device.http([.local("1", node.port)], access: access)])
            try await device.driver.apply(set)
            let path = device.file("http-in-allowed.acl")
            func interfere() throws {
                try FileManager.default.removeItem(atPath: path)
                try content.map { try $0.write(toFile: path, atomically: true, encoding: .utf8) }
            }
            func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
            try interfere()
            await device.driver.lookForDrift()
            #expect(try text() == "127.0.0.1/32\n")
            _ = try await device.driver.nodeStates()
            #expect(await device.driver.proxyStatus()?.drift?.contains("http-in-allowed.acl") == true)
            await device.driver.lookForDrift()
            #expect(await device.driver.proxyStatus()?.drift == nil)
            try interfere()
            try await device.driver.apply(set)
            #expect(try text() == "127.0.0.1/32\n")
            try interfere()
            try await supervised(try device.restarted()) {
                try await eventually("the next agent rewrites it") { (try? text()) == "127.0.0.1/32\n" }
            }
            #expect(try await device.processes()?.reloads == 0)
        }
    }

    /// HAProxy has loaded another list; the file is right again before the driver compares it.
    @Test(arguments: [true, false])
    func aListThatHAProxyLoadedWhileItWasWrongIsReplaced(byMessage: Bool) async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let access = try ClientAccess(allowedNetworks: networks("127.0.0.1"))
            let set = try LoadBalancerSet([device.http([.local("1", node.port)], access: access)])
            try await device.driver.apply(set)
            let path = device.file("http-in-allowed.acl")
            try "10.0.0.0/8\n".write(toFile: path, atomically: true, encoding: .utf8)
            try await device.reload(HAProxyRenderer(device.configuration).render(set, isSuspended: false))
            try "127.0.0.1/32\n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try await RawClient.ask(device.httpPort).isEmpty)
            if byMessage {
                await device.driver.lookForDrift()
                _ = try? await device.driver.nodeStates()
                #expect(await device.driver.proxyStatus()?.drift?.contains("unknown configuration") == true)
                try await device.driver.apply(set)
                #expect(try await RawClient.ask(device.httpPort).hasSuffix("node"))
            } else {
                try await supervised(try device.restarted()) {
                    try await eventually("the next agent restores it") {
                        try await RawClient.ask(device.httpPort).hasSuffix("node")
                    }
                }
            }
            #expect(try await device.processes()?.reloads == 2)
        }
    }
}
