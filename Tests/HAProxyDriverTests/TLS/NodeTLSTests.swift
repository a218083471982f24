// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCertificates
import TestServers
import Testing

@testable import HAProxyDriver
@testable import SteelyardCore

/// TLS to the nodes: verification, names, certificates, and what changes without a reload.
@Suite(Requirement.haproxy.trait, Requirement.openssl.trait)
struct NodeTLSTests {
    private static let name = "node.example.com"

    /// A check each second, so that a node that cannot be verified is soon down.
    private static func monitor(_ kind: HealthMonitor.Kind = .connect) throws -> HealthMonitor {
        try HealthMonitor(kind: kind, delay: 1, timeout: 1, attempts: 1)
    }

    private func set(
        _ device: DeviceUnderTest,
        _ tls: PoolTLS?,
        _ nodes: [Node],
        _ kind: HealthMonitor.Kind = .connect
    ) throws -> LoadBalancerSet {
        try LoadBalancerSet([
            LoadBalancer(
                protocol: .http,
                address: IPAddress("127.0.0.1"),
                port: Port(device.httpPort),
                defaultPool: Pool(monitor: Self.monitor(kind), nodes: nodes, tls: tls)
            )
        ])
    }

    private func states(_ device: DeviceUnderTest) async throws -> [String: NodeStatus.State] {
        let nodes = try await device.driver.nodeStates()
        return Dictionary(uniqueKeysWithValues: nodes.map { ($0.id.description, $0.state) })
    }

    private func seen(_ device: DeviceUnderTest) async throws -> [Substring] {
        let client = try await HTTPClient(port: device.httpPort)
        defer { client.close() }
        let answer = try await client.get("/")
        return answer.status == 200 ? answer.text.split(separator: " ") : ["\(answer.status)"]
    }

    /// A node with another name, an expired certificate, or one of another authority is down, and gets no request.
    @Test(arguments: [HealthMonitor.Kind.connect, .http, .https, .tlsHello])
    func onlyTheRightCertificateIsTrusted(kind: HealthMonitor.Kind) async throws {
        try await withTLSDevice { device, fixture in
            let authority = fixture.authority
            let other = try await TestCertificates(in: fixture.folder, name: "other")
            let listeners = [
                TLSNode.Listener(port: try FreePort.next(), identity: try await authority.issue("n", for: [Self.name])),
                TLSNode.Listener(
                    port: try FreePort.next(),
                    identity: try await authority.issue("wrong", for: ["wrong.example.com"])
                ),
                TLSNode.Listener(
                    port: try FreePort.next(),
                    identity: try await authority.issue("old", for: [Self.name], validity: .expired)
                ),
                TLSNode.Listener(port: try FreePort.next(), identity: try await other.issue("o", for: [Self.name])),
            ]
            try await TLSNode.run(listeners, in: fixture.folder) {
                let nodes = try listeners.enumerated().map { try Node.local("\($0 + 1)", $1.port) }
                let tls = PoolTLS(
                    authorities: try TLSFixture.authorities(authority),
                    serverName: try DomainName(Self.name)
                )
                try await device.driver.apply(set(device, tls, nodes, kind))
                try await eventually("three nodes are down") {
                    try await states(device) == ["1": .up, "2": .down, "3": .down, "4": .down]
                }
                for _ in 0..<6 {
                    #expect(try await seen(device) == ["\(listeners[0].port)", Self.name[...], "2.0"])
                }
                // The same for nodes that are added at run time.
                try await device.driver.apply(set(device, tls, [nodes[0]], kind))
                let worker = try await device.processes()?.worker
                let added = try listeners.enumerated().map { try Node.local("\($0 + 5)", $1.port) }
                try await device.driver.apply(set(device, tls, added, kind))
                #expect(try await device.processes()?.worker == worker)
                try await eventually("three of the added nodes are down") {
                    try await states(device) == ["5": .up, "6": .down, "7": .down, "8": .down]
                }
                // Without an authority, TLS hides the traffic, but verifies nothing.
                try await device.driver.apply(set(device, PoolTLS(), nodes, kind))
                try await eventually("all nodes are up") { try await states(device).values.allSatisfy { $0 == .up } }
            }
        }
    }

    /// The name is that of the pool or of the node, whatever the client asks for.
    @Test
    func theNameDoesNotDependOnTheClient() async throws {
        try await withTLSDevice { device, fixture in
            let listener = TLSNode.Listener(
                port: try FreePort.next(),
                identity: try await fixture.authority.issue("n", for: [Self.name, "localhost"])
            )
            try await TLSNode.run([listener], in: fixture.folder) {
                let authorities = try TLSFixture.authorities(fixture.authority)
                let tls = try ListenerTLS(certificate: await fixture.container("standard"))
                let named = try Node(id: Identifier("1"), address: HostAddress("localhost"), port: Port(listener.port))
                for (name, node, expected) in [
                    (Self.name, try Node.local("1", listener.port), Self.name), (nil, named, "localhost"),
                ] {
                    let pool = try Pool(
                        monitor: Self.monitor(),
                        nodes: [node],
                        tls: PoolTLS(authorities: authorities, serverName: name.map { try DomainName($0) })
                    )
                    try await device.driver.apply(
                        LoadBalancerSet([
                            LoadBalancer(
                                protocol: .terminatedHTTPS,
                                address: IPAddress("127.0.0.1"),
                                port: Port(device.httpPort),
                                defaultPool: pool,
                                tls: tls
                            )
                        ])
                    )
                    try await eventually("the node is up") { try await states(device) == ["1": .up] }
                    let host = "standard.example.com"
                    let answer = try await fixture.curl(device, host: host, path: "/", "--http2")
                    #expect(answer.split(separator: " ").dropFirst().first == expected[...], "\(answer)")
                }
            }
        }
    }

    /// A node that demands a certificate gets the pool's; another one takes a reload, and its old key is removed.
    @Test
    func nodesVerifyTheDevice() async throws {
        try await withTLSDevice { device, fixture in
            let authority = fixture.authority
            let listener = TLSNode.Listener(
                port: try FreePort.next(),
                identity: try await authority.issue("n", for: [Self.name]),
                words: "ca-file \(authority.ca) verify required"
            )
            try await TLSNode.run([listener], in: fixture.folder) {
                let authorities = try TLSFixture.authorities(authority)
                let nodes = [try Node.local("1", listener.port)]
                var worker: Int32?
                for client in ["one", "two"] {
                    let container = try TLSFixture.read("device", await authority.issue(client, usage: .client))
                    let tls = PoolTLS(
                        certificate: container,
                        authorities: authorities,
                        serverName: try DomainName(Self.name)
                    )
                    try await device.driver.apply(set(device, tls, nodes))
                    try await eventually("the node is up") { try await states(device) == ["1": .up] }
                    #expect(try await seen(device).dropFirst(2).first == client[...])
                    let digest = try #require(container.digest)
                    #expect(
                        Set(device.keyFiles().keys) == ["\(digest).pem", "\(authorities.sha256).trust.pem"],
                        "no other key remains"
                    )
                    let current = try await device.processes()?.worker
                    #expect(current != worker)
                    worker = current
                    // A reference has no key.
                    let reference = CertificateContainer(
                        id: container.id,
                        sha256: container.sha256,
                        digest: nil,
                        content: nil
                    )
                    try await device.driver.apply(
                        set(
                            device,
                            PoolTLS(certificate: reference, authorities: authorities, serverName: tls.serverName),
                            nodes
                        )
                    )
                    #expect(try await device.processes()?.worker == current, "nothing has changed")
                }
                // Without a certificate, the node refuses the device; with TLS 1.3, only a request shows it.
                let anonymous = PoolTLS(authorities: authorities, serverName: try DomainName(Self.name))
                try await device.driver.apply(set(device, anonymous, nodes, .http))
                try await eventually("the node is down") { try await states(device) == ["1": .down] }
                try await device.driver.delete()
                #expect(device.keyFiles().isEmpty)
            }
        }
    }

    /// A node is added by commands if HAProxy has loaded its certificates for another one.
    @Test
    func aNodeIsAddedWithoutAReload() async throws {
        try await withTLSDevice { device, fixture in
            let identity = try await fixture.authority.issue("n", for: [Self.name])
            let listeners = try (0..<2).map { _ in TLSNode.Listener(port: try FreePort.next(), identity: identity) }
            try await TLSNode.run(listeners, in: fixture.folder) {
                let tls = PoolTLS(
                    certificate: try TLSFixture.read("c", await fixture.authority.issue("c", usage: .client)),
                    authorities: try TLSFixture.authorities(fixture.authority),
                    serverName: try DomainName(Self.name)
                )
                let nodes = try listeners.enumerated().map { try Node.local("\($0 + 1)", $1.port) }
                try await device.driver.apply(set(device, tls, []))
                let empty = try await device.processes()?.worker
                try await device.driver.apply(set(device, tls, [nodes[0]]))
                let first = try await device.processes()?.worker
                #expect(first != empty, "the first node brings the files")
                try await device.driver.apply(set(device, tls, nodes))
                #expect(try await device.processes()?.worker == first)
                try await eventually("both nodes serve over TLS") {
                    let ports = Set(try await [seen(device), seen(device), seen(device)].compactMap(\.first))
                    return ports == Set(listeners.map { "\($0.port)"[...] })
                }
                try await device.driver.apply(set(device, nil, nodes))
                #expect(try await device.processes()?.worker != first, "TLS goes with a reload")
            }
        }
    }

    /// A removed file is restored by a message; a new agent does not have it, and says what to send.
    @Test
    func aMissingFileIsNamed() async throws {
        try await withTLSDevice { device, fixture in
            let tls = PoolTLS(
                authorities: try TLSFixture.authorities(fixture.authority),
                serverName: try DomainName(Self.name)
            )
            let node = try Node.local("1", 9)
            try await device.driver.apply(set(device, tls, [node]))
            for name in device.keyFiles().keys {
                try FileManager.default.removeItem(at: device.folder.appending(path: "tls").appending(path: name))
            }
            let restarted = try device.restarted()
            let error = await #expect(throws: DriverError.self) {
                let file = PoolTLS(
                    authorities: TrustFile(sha256: try #require(tls.authorities?.sha256), pem: nil),
                    serverName: tls.serverName
                )
                try await restarted.apply(set(device, file, [node, try Node.local("2", 10)]))
            }
            #expect(error?.message.contains("send an UPDATE with ca_tls_container_data") == true, "\(error as Any)")
            try await restarted.apply(set(device, tls, [node]))
            #expect(device.keyFiles().count == 1)
        }
    }
}
