// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardTestSupport

/// Load balancers for tests.
extension LoadBalancerDriverContract.Device {
    func http(
        _ nodes: [Node],
        algorithm: BalancingAlgorithm = .roundRobin,
        address: String? = "127.0.0.1",
        port: Int? = nil,
        monitor: HealthMonitor = .standard
    ) throws -> LoadBalancer {
        try LoadBalancer(
            protocol: .http,
            address: address.flatMap { IPAddress($0) },
            port: Port(port ?? httpPort),
            algorithm: algorithm,
            monitor: monitor,
            nodes: nodes
        )
    }

    func tcp(_ nodes: [Node], _ listenerProtocol: ListenerProtocol = .tcp) throws -> LoadBalancer {
        try LoadBalancer(
            protocol: listenerProtocol,
            address: IPAddress("127.0.0.1"),
            port: Port(tcpPort),
            nodes: nodes
        )
    }
}

extension NodeServer {
    func node(
        _ id: String,
        weight: Int = 1,
        isBackup: Bool = false,
        _ condition: NodeCondition = .enabled
    ) throws -> Node {
        try Node(
            id: Identifier(id),
            address: HostAddress("127.0.0.1"),
            port: Port(port),
            weight: weight,
            isBackup: isBackup,
            condition: condition
        )
    }
}
