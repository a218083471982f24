// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Many nodes; the maximum number would take half of the suite's time.
@Suite(Requirement.haproxy.trait, .ownThread)
struct ScaleTests {
    @Test
    func thousandsOfNodesAreServed() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let monitor = try HealthMonitor(kind: .connect, delay: 3600, timeout: 5, attempts: 1)
            let nodes = try (0..<3000).map { try Node.local("\($0)", node.port) }
            let set = try LoadBalancerSet([device.http(nodes, monitor: monitor)])
            try await device.driver.apply(set)
            #expect(try await device.driver.nodeStates().map(\.id) == nodes.map(\.id))
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            let others = try nodes.map { node in
                try Node(id: node.id, address: node.address, port: node.port, weight: 7)
            }
            try await device.driver.apply(LoadBalancerSet([device.http(Array(others.dropLast(9)), monitor: monitor)]))
            #expect(try await device.processes()?.reloads == 1)
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            let options = try ConnectionOptions(connectRetries: 1)
            try await device.driver.apply(LoadBalancerSet([device.http(others, monitor: monitor, options: options)]))
            #expect(try await device.processes()?.reloads == 2)
        }
    }

    /// The most that the limits allow by default, except for the number of nodes.
    @Test
    func aHundredLoadBalancersAreServed() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let monitor = try HealthMonitor(kind: .connect, delay: 3600, timeout: 5, attempts: 1)
            let ports = try (0..<100).map { _ in try FreePort.next() }
            func set(weight: Int) throws -> LoadBalancerSet {
                try LoadBalancerSet(
                    (0..<100).map { number in
                        let nodes = try (0..<50).map { place in
                            let isChanged = number == 61 && place == 17
                            return try Node.local("\(place)", node.port, weight: isChanged ? weight : 1)
                        }
                        return try device.named(
                            "lb-\(number)",
                            number < 50 ? .http : .tcp,
                            port: ports[number],
                            nodes,
                            monitor: monitor
                        )
                    }
                )
            }
            let old = try set(weight: 1)
            try await device.driver.apply(old)
            let received = Received()
            for (number, loadBalancer) in old.loadBalancers.enumerated() {
                try await received.get("/bytes/\(number)", loadBalancer.key, ports[number])
            }
            let new = try set(weight: 7)
            #expect(try await device.driver.preview(.apply(new)).hasPrefix("without a reload: "))
            try await device.driver.apply(new)
            #expect(try await device.processes()?.reloads == 0)
            let weights = try await device.servers().filter { $0.weight != 1 }.map(\.name.description)
            #expect(weights == ["tcp-lb-61-servers/id-17"])

            let nodes = try await device.driver.nodeStates()
            #expect(
                nodes.map(\.loadBalancer) == new.loadBalancers.flatMap { owner in owner.nodes.map { _ in owner.id } }
            )
            #expect(nodes.map(\.id) == new.loadBalancers.flatMap { $0.nodes.map(\.id) })
            try await expectExact(device.driver, received)
            let keys = new.loadBalancers.map(\.key)
            #expect(try await device.driver.usage().entries.map(\.key) == keys.sorted())

            // An ARCHIVE of all of them.
            try await eventually("each request is logged") {
                let archived = try await device.archived(keys)
                return keys.allSatisfy { key in
                    let own = archived[key, default: ""].split(separator: "\n").filter { $0.contains("127.0.0.1:") }
                    return own.count == 1 && own[0].contains(" \(ProxyName(key).backend)/")
                }
            }
            try await device.driver.delete()
            #expect(try await device.processes() == nil)
        }
    }
}
