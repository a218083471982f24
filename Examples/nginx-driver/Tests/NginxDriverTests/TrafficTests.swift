// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import NginxDriver
import SteelyardCore
import SteelyardTestSupport
import Testing

@Suite(.enabled(if: NginxUnderTest.isInstalled, "nginx and libnginx-mod-stream are not installed"))
struct TrafficTests {
    @Test func weightsShareTheRequests() async throws {
        let (a, b) = (try NodeServer("a"), try NodeServer("b"))
        defer { for server in [a, b] { server.stop() } }
        try await NginxUnderTest.run { nginx in
            let nodes = [try a.node("1", weight: 3), try b.node("2")]
            try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http(nodes)]))
            var counts: [String: Int] = [:]
            for _ in 0..<40 { counts[await HTTP.get(port: nginx.ports.httpPort).body, default: 0] += 1 }
            #expect(counts == ["a": 30, "b": 10])
        }
    }

    @Test func aNodeThatMustNotTakeClientsTakesNone() async throws {
        let (a, b) = (try NodeServer("a"), try NodeServer("b"))
        defer { for server in [a, b] { server.stop() } }
        try await NginxUnderTest.run { nginx in
            for node in [try b.node("2", .disabled), try b.node("2", .draining), try b.node("2", weight: 0)] {
                try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http([a.node("1"), node])]))
                for _ in 0..<10 { #expect(await HTTP.get(port: nginx.ports.httpPort).body == "a") }
            }
        }
    }

    @Test(arguments: [ListenerProtocol.http, .tcp, .galera])
    func aBackupServesWhileTheMainNodeIsDown(_ listenerProtocol: ListenerProtocol) async throws {
        let (main, backup) = (try NodeServer("main"), try NodeServer("backup"))
        defer { for server in [main, backup] { server.stop() } }
        try await NginxUnderTest.run { nginx in
            let nodes = [try main.node("1"), try backup.node("2", isBackup: true)]
            let loadBalancer =
                listenerProtocol == .http
                ? try nginx.ports.http(nodes) : try nginx.ports.tcp(nodes, listenerProtocol)
            try await nginx.driver.apply(LoadBalancerSet([loadBalancer]))
            let port = Int(loadBalancer.port.number)
            for _ in 0..<4 { #expect(await answer(listenerProtocol, port) == "main") }
            main.stop()
            for _ in 0..<4 { #expect(await answer(listenerProtocol, port) == "backup") }
        }
    }

    @Test func withoutNodesHTTPAnswers503AndTCPCloses() async throws {
        let node = try NodeServer("a")
        defer { node.stop() }
        try await NginxUnderTest.run { nginx in
            for nodes in [[], [try node.node("1", .disabled)]] {
                try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http(nodes), nginx.ports.tcp(nodes)]))
                #expect(await HTTP.get(port: nginx.ports.httpPort).status == 503)
                let port = nginx.ports.tcpPort
                #expect(await blocking { Loopback(port: port)?.readAll() } == "")
            }
        }
    }

    @Test(arguments: [BalancingAlgorithm.sourceIP, .leastConnections])
    func otherAlgorithmsServe(_ algorithm: BalancingAlgorithm) async throws {
        let (a, b) = (try NodeServer("a"), try NodeServer("b"))
        defer { for server in [a, b] { server.stop() } }
        try await NginxUnderTest.run { nginx in
            let nodes = [try a.node("1"), try b.node("2")]
            try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http(nodes, algorithm: algorithm)]))
            var answers: Set<String> = []
            for _ in 0..<20 { answers.insert(await HTTP.get(port: nginx.ports.httpPort).body) }
            #expect(answers.isSubset(of: ["a", "b"]))
            // A client gets the same node again.
            #expect(answers.count == (algorithm == .sourceIP ? 1 : 2))
        }
    }

    @Test func afterApplyEveryAnswerIsOfTheNewNodes() async throws {
        let servers = try ["a", "b"].map { try NodeServer($0) }
        defer { for server in servers { server.stop() } }
        try await NginxUnderTest.run { nginx in
            for round in 0..<20 {
                let server = servers[round % 2]
                try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http([server.node("1")])]))
                for _ in 0..<5 {
                    #expect(await HTTP.get(port: nginx.ports.httpPort).body == ["a", "b"][round % 2])
                }
            }
        }
    }

    @Test func afterApplyAPortThatIsNotWantedIsClosed() async throws {
        let node = try NodeServer("a")
        defer { node.stop() }
        try await NginxUnderTest.run { nginx in
            let port = nginx.ports.tcpPort
            for _ in 0..<10 {
                let http = try nginx.ports.http([node.node("1")])
                try await nginx.driver.apply(LoadBalancerSet([http, nginx.ports.tcp([node.node("1")])]))
                #expect(await !blocking { Loopback.isRefused(port: port) })
                try await nginx.driver.apply(LoadBalancerSet([http]))
                #expect(await blocking { Loopback.isRefused(port: port) })
            }
        }
    }

    @Test func reloadsFailNoRequest() async throws {
        let servers = try ["a", "b"].map { try NodeServer($0) }
        defer { for server in servers { server.stop() } }
        try await NginxUnderTest.run { nginx in
            func apply(weight: Int) async throws {
                let nodes = [try servers[0].node("1", weight: weight), try servers[1].node("2")]
                try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http(nodes)]))
            }
            try await apply(weight: 1)
            let port = nginx.ports.httpPort
            // An answer that starts before all changes and ends after them.
            async let long = HTTP.get("/held", port: port)
            try await eventually("a node receives the request") { servers.contains { $0.heldCount > 0 } }
            let load = HTTPLoad(port: port, expecting: ["a", "b"], clients: 3)
            for weight in 2...11 { try await apply(weight: weight) }
            let (count, failures) = await load.stop()
            #expect(failures.isEmpty)
            #expect(count > 0)
            for server in servers { server.release() }
            let answer = await long
            #expect(answer.status == 200)
            #expect(["a", "b"].contains(answer.body))
        }
    }

    @Test func suspendRefusesAndEndsConnections() async throws {
        let node = try NodeServer("a")
        defer { node.stop() }
        try await NginxUnderTest.run { nginx in
            let (httpPort, tcpPort) = (nginx.ports.httpPort, nginx.ports.tcpPort)
            let set = try LoadBalancerSet([nginx.ports.http([node.node("1")]), nginx.ports.tcp([node.node("1")])])
            try await nginx.driver.apply(set)
            let client = try #require(Loopback(port: tcpPort))
            client.write("hello\n")
            #expect(client.read() == "a")
            // The connection continues in the old worker until the grace period ends.
            try await nginx.driver.apply(LoadBalancerSet([nginx.ports.tcp([node.node("1", weight: 2)])]))
            client.write("hello\n")
            #expect(client.read() == "a")
            try await nginx.driver.apply(set)
            try await nginx.driver.suspend()
            #expect(await HTTP.get(port: httpPort).body == "refused")
            #expect(await blocking { Loopback.isRefused(port: tcpPort) })
            #expect(client.read() == nil)
            try await nginx.driver.enable()
            #expect(await HTTP.get(port: httpPort).body == "a")
        }
    }

    private func answer(_ listenerProtocol: ListenerProtocol, _ port: Int) async -> String {
        guard listenerProtocol != .http else { return await HTTP.get(port: port).body }
        return await blocking {
            guard let client = Loopback(port: port) else { return "refused" }
            client.write("hello\n")
            return client.read() ?? "closed"
        }
    }
}
