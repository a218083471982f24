// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension LoadBalancerDriverContract {
    /// The device that a check uses.
    public struct Device: Sendable {
        /// A free port for an HTTP load balancer.
        public let httpPort: Int
        /// A free port for a TCP load balancer.
        public let tcpPort: Int
        /// A port of 127.0.0.1 with a running server.
        public let nodePort: Int
        /// The driver's capabilities.
        var capabilities = Set(Capability.allCases)

        /// Creates a description of a device.
        public init(httpPort: Int, tcpPort: Int, nodePort: Int) {
            self.httpPort = httpPort
            self.tcpPort = tcpPort
            self.nodePort = nodePort
        }
    }
}

extension LoadBalancerDriverContract.Device {
    func node(_ id: String, _ condition: NodeCondition = .enabled) throws(InvalidValue) -> Node {
        try Node(id: Identifier(id), address: HostAddress("127.0.0.1"), port: Port(nodePort), condition: condition)
    }

    func http(_ id: Identifier? = nil, nodes: [Node]) throws(InvalidValue) -> LoadBalancer {
        try LoadBalancer(id: id, protocol: .http, address: IPAddress("127.0.0.1"), port: Port(httpPort), nodes: nodes)
    }

    func tcp() throws(InvalidValue) -> LoadBalancer {
        try LoadBalancer(protocol: .tcp, address: IPAddress("127.0.0.1"), port: Port(tcpPort), nodes: [node("1")])
    }

    func both(version: Int? = nil) throws(InvalidValue) -> LoadBalancerSet {
        try LoadBalancerSet([http(nodes: [node("a"), node("b")]), tcp()], version: Self.version(version))
    }

    /// Two HTTP load balancers.
    func twoWithIDs() throws(InvalidValue) -> LoadBalancerSet {
        let two = try LoadBalancer(
            id: Identifier("two"),
            protocol: .http,
            address: IPAddress("127.0.0.1"),
            port: Port(tcpPort),
            nodes: [node("a")]
        )
        return try LoadBalancerSet([http(Identifier("one"), nodes: [node("a")]), two])
    }

    /// A load balancer on the port that the node listens on.
    func onTakenPort(version: Int) throws(InvalidValue) -> LoadBalancerSet {
        try LoadBalancerSet(
            [LoadBalancer(protocol: .tcp, address: IPAddress("127.0.0.1"), port: Port(nodePort), nodes: [])],
            version: Self.version(version)
        )
    }

    private static func version(_ number: Int?) throws(InvalidValue) -> ConfigurationVersion? {
        guard let number else { return nil }
        return try ConfigurationVersion(number)
    }
}
