// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import TestServers
import Testing

@testable import HAProxyDriver

/// Nodes that are removed while clients use them.
///
/// HAProxy runs with an allocator that overwrites freed memory: a dangling pointer crashes the worker.
@Suite(Requirement.haproxy.trait)
struct NodeRemovalTests {
    enum Way: CaseIterable { case http, tcp }

    /// What a client has received.
    enum Received: Hashable {
        case answer(String)
        /// The end of the connection, without a response.
        case end
        case reset(Int32)
    }

    /// A client whose connection to a node was refused waits for a second; HAProxy does not count it meanwhile.
    @Test(arguments: Way.allCases)
    func aNodeThatClientsWaitToTryAgain(way: Way) async throws {
        let node = try HTTPBackEnd(name: "good")
        defer { node.stop() }
        try await withOverwritingDevice { device in
            let refusing = try FreePort.next()
            try await device.driver.apply(device.set(way, [.local("first", node.port)]))
            let worker = try #require(try await device.processes()?.worker)
            for round in 0..<5 {
                let bad = "bad-\(round)"
                try await device.driver.apply(device.set(way, [.local(bad, refusing)]))
                // Its first check fails within a second, after which it would get no clients.
                let server = "\(way == .http ? "http" : "tcp")-servers/id-\(bad)"
                try await device.command("disable health \(server); set server \(server) health up")
                try await withThrowingTaskGroup(of: Received.self) { group in
                    for _ in 0..<20 { group.addTask { try await ask(device.port(way), "/") } }
                    try await eventually("all clients wait to try again") {
                        try await device.retries(way, bad) >= 20
                    }
                    try await device.driver.apply(device.set(way, [.local("good-\(round)", node.port)]))
                    for try await received in group {
                        // A client gets the good node, or the error that there is none.
                        #expect(way.allowed.contains(received), "round \(round)")
                    }
                }
                #expect(try await ask(device.port(way), "/") == .answer("good"))
                #expect(try await device.processes()?.worker == worker, "round \(round): the worker has ended")
            }
            try await supervised(device.driver) { try await eventuallyServers(device, ["good-4"]) }
            #expect(try await device.processes()?.worker == worker)
        }
    }

    /// The response in progress is completed, and then the node is removed.
    @Test(arguments: Way.allCases)
    func aNodeThatStillAnswers(way: Way) async throws {
        let (old, new) = (try HTTPBackEnd(name: "old"), try HTTPBackEnd(name: "new"))
        defer {
            old.stop()
            new.stop()
        }
        try await withOverwritingDevice { device in
            try await device.driver.apply(device.set(way, [.local("old", old.port)]))
            let worker = try #require(try await device.processes()?.worker)
            try await withThrowingTaskGroup(of: Received.self) { group in
                for _ in 0..<20 { group.addTask { try await ask(device.port(way), "/held/200000") } }
                try await eventually("all responses are in progress") { old.requestCount == 20 }
                try await device.driver.apply(device.set(way, [.local("new", new.port)]))
                #expect(try await ask(device.port(way), "/") == .answer("new"))
                old.release()
                for try await received in group {
                    #expect(received == .answer(String(repeating: "x", count: 200_000)))
                }
            }
            try await supervised(device.driver) { try await eventuallyServers(device, ["new"]) }
            #expect(try await ask(device.port(way), "/") == .answer("new"))
            #expect(try await device.processes()?.worker == worker)
        }
    }

    /// Clients that have sent half a request, or connect for the first time, while nodes are added and removed.
    @Test(arguments: Way.allCases)
    func clientsThatAreSlowToAsk(way: Way) async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withOverwritingDevice { device in
            try await device.driver.apply(device.set(way, [.local("0", node.port)]))
            let worker = try #require(try await device.processes()?.worker)
            for round in 1...5 {
                let port = device.port(way)
                let slow = try await blocking {
                    try (0..<20).map { _ in
                        let socket = try LoopbackSocket.connected(to: port)
                        socket.write(Array("GET / HTTP/1.1\r\nHost: te".utf8))
                        return socket
                    }
                }
                try await device.driver.apply(device.set(way, [.local("\(round)", node.port)]))
                let received = try await blocking {
                    slow.map { socket in
                        socket.write(Array("st\r\nConnection: close\r\n\r\n".utf8))
                        return receive(socket)
                    }
                }
                #expect(received == Array(repeating: .answer("node"), count: 20), "round \(round)")
                #expect(try await device.processes()?.worker == worker, "round \(round): the worker has ended")
            }
            try await supervised(device.driver) { try await eventuallyServers(device, ["5"]) }
        }
    }

    /// Requests in the queue of the node, because of their cookie, and in the queue of the back end.
    @Test
    func aNodeWhoseRequestsWaitForItsLimit() async throws {
        let (old, new) = (try HTTPBackEnd(name: "old"), try HTTPBackEnd(name: "new"))
        defer {
            old.stop()
            new.stop()
        }
        try await withOverwritingDevice { device in
            func set(_ id: String, _ port: Int, limit: Int) throws -> LoadBalancerSet {
                let node = try Node(
                    id: Identifier(id),
                    address: HostAddress("127.0.0.1"),
                    port: Port(port),
                    connections: NodeConnections(limit: limit)
                )
                return try LoadBalancerSet([device.http([node])])
            }
            try await device.driver.apply(set("old", old.port, limit: 1))
            let worker = try #require(try await device.processes()?.worker)
            let port = device.httpPort
            let cookie = try await HTTPClient(port: port).get("/").cookie
            let held = Task { try await HTTPClient(port: port).get("/held/1000").body.count }
            try await eventually("the response is in progress") { old.requestCount == 2 }
            try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        try await HTTPClient(port: port).get("/", cookie: number.isMultiple(of: 2) ? cookie : nil).text
                    }
                }
                try await eventually("all requests wait") {
                    let table = StatisticsTable(try await device.command("show stat http-servers 6 -1"))
                    return table?.rows.reduce(0) { $0 + (Int($1["qcur"]) ?? 0) } == 10
                }
                try await device.driver.apply(set("new", new.port, limit: 2))
                for try await answer in group { #expect(answer == "new") }
            }
            old.release()
            #expect(try await held.value == 1000)
            try await supervised(device.driver) { try await eventuallyServers(device, ["new"]) }
            let processes = try await device.processes()
            #expect(processes?.worker == worker && processes?.reloads == 0)
        }
    }

    private func eventuallyServers(_ device: DeviceUnderTest, _ names: [String]) async throws {
        try await eventually("HAProxy has deleted the other nodes", within: 90) {
            try await device.servers().map(\.name.node.description) == names
        }
    }
}

extension NodeRemovalTests.Way {
    /// What a client may receive whose first node has refused its connection.
    fileprivate var allowed: Set<NodeRemovalTests.Received> {
        switch self {
        case .http: [.answer("good"), .answer("503")]
        case .tcp: [.answer("good"), .end]
        }
    }
}

extension DeviceUnderTest {
    fileprivate func port(_ way: NodeRemovalTests.Way) -> Int { way == .http ? httpPort : tcpPort }

    fileprivate func set(_ way: NodeRemovalTests.Way, _ nodes: [Node]) throws -> LoadBalancerSet {
        try LoadBalancerSet([way == .http ? http(nodes) : tcp(nodes)])
    }

    /// The number of retried connections to a node, including waiting ones.
    fileprivate func retries(_ way: NodeRemovalTests.Way, _ node: String) async throws -> Int {
        let name = way == .http ? "http-servers" : "tcp-servers"
        let table = StatisticsTable(try await command("show stat \(name) 4 -1"))
        return table?.rows.first { $0["svname"] == "id-\(node)" }.flatMap { Int($0["wretr"]) } ?? 0
    }
}

/// A device whose HAProxy overwrites freed memory.
private func withOverwritingDevice(_ body: (DeviceUnderTest) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
        let script = folder.appending(path: "haproxy")
        let text = "#!/bin/sh\nMALLOC_PERTURB_=165 exec \(Environment.haproxy) \"$@\"\n"
        try text.write(to: script, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script.path)
        try await withDevice(binary: script.path, body)
    }
}

/// Sends one request, and returns the data until the connection ended.
private func ask(_ port: Int, _ path: String) async throws -> NodeRemovalTests.Received {
    try await blocking {
        let socket = try LoopbackSocket.connected(to: port)
        socket.write(Array("GET \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".utf8))
        return receive(socket)
    }
}

/// Reads one response: its body, or the status of an error.
private func receive(_ socket: LoopbackSocket) -> NodeRemovalTests.Received {
    var bytes: [UInt8] = []
    while true {
        guard let more = socket.read() else { return .reset(errno) }
        guard !more.isEmpty else { return .end }
        bytes += more
        let text = String(decoding: bytes, as: UTF8.self)
        guard let head = text.range(of: "\r\n\r\n") else { continue }
        guard text.hasPrefix("HTTP/1.1 200 ") || text.hasPrefix("HTTP/1.1 200\r") else {
            return .answer(String(text.dropFirst(9).prefix(3)))
        }
        let field = text[..<head.lowerBound].split(separator: "\r\n").first {
            $0.lowercased().hasPrefix("content-length: ")
        }
        let length = field.flatMap { Int($0.dropFirst(16)) } ?? 0
        if text[head.upperBound...].utf8.count >= length { return .answer(String(text[head.upperBound...])) }
    }
}
