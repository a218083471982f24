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
}
