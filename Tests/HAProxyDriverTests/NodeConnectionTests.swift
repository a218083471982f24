// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// PROXY headers and source addresses, as nodes observe them.
@Suite(Requirement.haproxy.trait, Requirement.openssl.trait)
struct NodeConnectionTests {
    private func node(
        _ id: String,
        _ port: Int,
        _ version: ProxyProtocol? = nil,
        source: String? = nil,
        at address: String = "127.0.0.1"
    ) throws -> Node {
        try Node(
            id: Identifier(id),
            address: HostAddress(address),
            port: Port(port),
            connections: NodeConnections(
                limit: 50,
                source: source.flatMap { IPAddress($0) },
                proxyProtocol: version
            )
        )
    }

    /// A check without a PROXY header fails: the node answers only after one.
    @Test
    func nodesAndChecksGetThePROXYHeader() async throws {
        try await withDevice { device in
            try await TestNodes.run(in: device.folder.deletingLastPathComponent()) { servers in
                let access = try ClientAccess(acceptsProxyProtocol: true)
                func set(
                    _ nodes: [Node],
                    _ version: ProxyProtocol?,
                    _ kind: HealthMonitor.Kind = .http
                ) throws -> LoadBalancerSet {
                    let monitor = try HealthMonitor(
                        kind: kind,
                        delay: 1,
                        timeout: 1,
                        attempts: 1,
                        request: MonitorRequest(domainName: DomainName("www.example.com"))
                    )
                    return try LoadBalancerSet(
                        [device.http(nodes, monitor: monitor, access: access, proxyProtocol: version)]
                    )
                }
                func states(_ states: [NodeStatus.State]) async throws {
                    try await eventually("the nodes are \(states)") {
                        let found = try await device.driver.nodeStates()
                        return found.map(\.state) == states && found.allSatisfy { $0.reason != NodeStatus.notChecked }
                    }
                }
                func answers(_ client: String) async throws -> Set<String> {
                    var answers: Set<String> = []
                    for _ in 0..<6 {
                        let text = try await RawClient.ask(device.httpPort, after: RawClient.v1(client))
                        answers.insert(text.split(separator: "\r\n\r\n").last.map(String.init) ?? "")
                    }
                    return answers
                }
                for version in [ProxyProtocol.v1, .v2] {
                    try await device.driver.apply(set([node("1", servers.proxied)], version))
                    try await states([.up])
                    #expect(try await answers("192.0.2.8") == ["192.0.2.8"])
                }
                // A node that is added without a reload gets the same words; its own version counts.
                let before = try await device.processes()
                try await device.driver.apply(
                    set(
                        [
                            node("1", servers.proxied),
                            node("2", servers.proxied, .v1, source: "127.0.0.5", at: "127.0.0.2"),
                        ],
                        .v2
                    )
                )
                try await states([.up, .up])
                #expect(try await answers("192.0.2.9") == ["192.0.2.9"])
                #expect(try await device.processes() == before)
                try await device.driver.apply(
                    set([node("1", servers.proxied), node("2", servers.proxied, at: "127.0.0.2")], nil)
                )
                try await states([.down, .down])
                #expect(try await device.processes()?.reloads == (before?.reloads ?? 0) + 1)
                try await device.driver.apply(
                    set([node("1", servers.proxiedTLS), node("2", servers.tls)], .v2, .https)
                )
                try await states([.up, .down])
            }
        }
    }

    @Test
    func connectionsComeFromTheSourceAddress() async throws {
        try await withDevice { device in
            try await TestNodes.run(in: device.folder.deletingLastPathComponent()) { servers in
                func apply(_ nodes: [Node]) async throws {
                    try await device.driver.apply(LoadBalancerSet([device.tcp(nodes)]))
                }
                try await apply([node("1", servers.plain, source: "127.0.0.5")])
                #expect(try await RawClient.ask(device.tcpPort).hasSuffix("127.0.0.5"))
                try await apply([node("2", servers.plain, source: "127.0.0.6")])
                #expect(try await RawClient.ask(device.tcpPort).hasSuffix("127.0.0.6"))
                #expect(try await device.processes()?.reloads == 0)
                let error = await #expect(throws: DriverError.self) {
                    try await apply([node("2", servers.plain), node("3", servers.plain, source: "192.0.2.1")])
                }
                #expect(error?.field == LoadBalancerField(loadBalancer: 0, node: 1, name: "source_address"))
                #expect(error?.message.contains("is 192.0.2.1, not an address of this device") == true)
            }
        }
    }
}
