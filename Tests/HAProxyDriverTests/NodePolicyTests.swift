// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// The allowed addresses of nodes.
@Suite
struct NodePolicyTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var listen: String?
        let node: String
        var port = 8080
        var denied: [String] = []
        /// The expected error; nil if there is none.
        var problem: String?
        var testDescription: String { "\(listen ?? "*"): \(node):\(port) \(denied)" }
    }

    private static let itself = "the load balancer would connect to itself"
    private static let examples = [
        Example(node: "127.0.0.1", problem: itself),
        Example(node: "127.8.8.8", problem: itself),
        Example(node: "::1", problem: itself),
        Example(node: "::ffff:127.0.0.1", problem: itself),
        Example(node: "10.0.0.5", problem: itself),
        Example(node: "::ffff:10.0.0.5", problem: itself),
        Example(node: "2001:db8::5", problem: itself),
        Example(node: "localhost", problem: "is localhost, which has the address 127.0.0.1"),
        Example(node: "LocalHost.", problem: itself),
        Example(node: "own.test", problem: "is own.test, which has the address 10.0.0.5"),
        Example(node: "other.test"),
        Example(node: "unknown.test"),
        Example(node: "10.0.0.6"),
        Example(node: "10.0.0.5", port: 8081),
        Example(listen: "10.0.0.5", node: "127.0.0.1"),
        Example(listen: "10.0.0.5", node: "10.0.0.5", problem: itself),
        Example(listen: "10.0.0.5", node: "::ffff:10.0.0.5", problem: itself),
        Example(listen: "127.0.0.1", node: "127.0.0.2"),
        Example(listen: "0.0.0.0", node: "127.0.0.2", problem: itself),
        Example(listen: "0.0.0.0", node: "::1"),
        Example(listen: "::", node: "::1", problem: itself),
        Example(listen: "::", node: "127.0.0.1"),
        // The other load balancer's port.
        Example(listen: "10.0.0.5", node: "127.0.0.1", port: 3306, problem: itself),
        Example(node: "127.0.0.1", port: 8404, problem: "haproxy.stats_bind of this device"),
        Example(node: "127.0.0.2", port: 8404),
        Example(node: "10.0.0.255", problem: "the broadcast address of a network of this device"),
        Example(node: "blocked.test", problem: "which has the address 0.0.0.0"),
        Example(
            node: "169.254.169.254",
            denied: ["10.0.0.0/8", "169.254.0.0/16"],
            problem: "169.254.0.0/16 of haproxy.denied"
        ),
        Example(node: "::ffff:169.254.169.254", denied: ["169.254.0.0/16"], problem: "169.254.0.0/16"),
        Example(
            node: "other.test",
            denied: ["192.0.2.0/24"],
            problem: "is other.test, which has the address 192.0.2.9"
        ),
        Example(node: "192.0.3.1", denied: ["192.0.2.0/24"]),
        Example(node: "2001:db8::9", denied: ["2001:db8::/32"], problem: "2001:db8::/32"),
    ]

    @Test(arguments: examples)
    func decides(_ example: Example) throws {
        let configuration = try HAProxyConfiguration([
            "stats_bind": "127.0.0.1:8404", "denied_nodes": .of(example.denied),
        ])
        let facts = DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: nil)
        let device = [
            LocalAddresses.Entry(address: "127.0.0.1", broadcast: nil),
            LocalAddresses.Entry(address: "10.0.0.5", broadcast: "10.0.0.255"),
            LocalAddresses.Entry(address: "2001:db8::5", broadcast: nil),
        ]
        let names = ["own.test": ["192.0.2.1", "10.0.0.5"], "other.test": ["192.0.2.9"], "blocked.test": ["0.0.0.0"]]
        let good = try Node(id: Identifier("good"), address: HostAddress("192.0.9.9"), port: Port(80))
        let node = try Node(id: Identifier("n"), address: HostAddress(example.node), port: Port(example.port))
        let set = try LoadBalancerSet([
            LoadBalancer(protocol: .tcp, port: Port(3306), nodes: [good]),
            LoadBalancer(
                protocol: .http,
                address: example.listen.flatMap { IPAddress($0) },
                port: Port(8080),
                nodes: [good, node]
            ),
        ])
        let addresses = NodeAddresses("/nonexistent/addresses")
        var found: DriverError?
        do throws(DriverError) {
            try NodePolicy(configuration, facts, addresses: device).check(set) { name in
                names[name].map { $0.compactMap { IPAddress($0) } } ?? addresses.known(name)
            }
        } catch { found = error }
        #expect((found == nil) == (example.problem == nil), "\(found?.message ?? "no error")")
        if let problem = example.problem {
            #expect(found?.message.contains(problem) == true, "\(found?.message ?? "no error")")
            #expect(found?.field == LoadBalancerField(loadBalancer: 1, node: 1, name: "address"))
        }
    }

    @Test(arguments: ["203.0.113.9", "fe80::1234", "2001:db8::77"])
    func anAddressToListenOnThatTheDeviceDoesNotHaveIsNamed(address: String) throws {
        let loadBalancer = try LoadBalancer(protocol: .http, address: IPAddress(address), port: Port(50_080), nodes: [])
        let facts = DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: nil)
        let error = #expect(throws: DriverError.self) {
            try PortProbe.requireFree(LoadBalancerSet([loadBalancer]), besides: [], facts)
        }
        #expect(error?.field == LoadBalancerField(loadBalancer: 0, name: "address"))
    }

    @Test
    func theDeviceKnowsItsAddresses() {
        #expect(LocalAddresses.read().contains { $0.address == "127.0.0.1" })
    }

    @Test(Requirement.haproxy.trait)
    func aLoopIsRefusedAndTheOldConfigurationServes() async throws {
        let back = try HTTPBackEnd(name: "node")
        defer { back.stop() }
        try await withDevice { device in
            let good = try Node.local("1", back.port)
            try await device.driver.apply(LoadBalancerSet([device.http([good])]))
            let loop = try LoadBalancerSet([device.http([good, .local("2", device.httpPort)])])
            let refusals = [
                await #expect(throws: DriverError.self) { try await device.driver.apply(loop) },
                await #expect(throws: DriverError.self) { try await device.driver.preview(.apply(loop)) },
            ]
            for error in refusals {
                #expect(error?.field == LoadBalancerField(loadBalancer: 0, node: 1, name: "address"))
                #expect(error?.code == .rejected)
            }
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
        }
    }
}
