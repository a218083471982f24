// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// TLS to the nodes of a pool, as nodes observe it; HAProxy is their program.
@Suite(Requirement.haproxy.trait, Requirement.openssl.trait)
struct PoolTLSTests {
    /// Nodes that answer with the server name, the common name of the client's certificate and the protocol that they
    /// have received.
    private struct Nodes {
        let authority: TestCertificates
        /// Requires no certificate.
        let open = try? FreePort.next()
        /// Requires a certificate of the clients' authority.
        let strict = try? FreePort.next()

        /// Starts the nodes, passes them to a closure, and stops them in any case.
        ///
        /// The certificate is for `node.example.com` and `localhost`.
        static func run<Success>(
            in fixture: TLSFixture,
            _ body: (Nodes) async throws -> Success
        ) async throws -> Success {
            let authority = try await TestCertificates(in: fixture.folder, name: "nodes")
            let identity = try await authority.issue("node", for: ["node.example.com", "localhost"])
            let pair = fixture.folder.appending(path: "node-pair.pem")
            try (Data(contentsOf: URL(filePath: identity.certificate)) + Data(contentsOf: URL(filePath: identity.key)))
                .write(to: pair)
            let nodes = Nodes(authority: authority)
            let file = fixture.folder.appending(path: "nodes.cfg")
            try nodes.text(pair.path, fixture.authority.ca).write(to: file, atomically: true, encoding: .utf8)
            let process = try await ChildProcess.start(
                Environment.haproxy,
                ["-db", "-f", file.path],
                in: fixture.folder,
                name: "nodes"
            )
            let result: Result<Success, any Error>
            do {
                try await eventually("the nodes listen: \(process.errorOutput)") {
                    try await LoopbackSocket.accepts(nodes.strict ?? 0)
                }
                result = .success(try await body(nodes))
            } catch { result = .failure(error) }
            await process.stop()
            return try result.get()
        }

        private func text(_ pair: String, _ ca: String) -> String {
            """
            defaults
                mode http
                timeout client 1m
                timeout server 1m
                timeout connect 1m
            frontend nodes
                bind 127.0.0.1:\(open ?? 0) ssl crt \(pair) alpn h2,http/1.1
                bind 127.0.0.2:\(open ?? 0) ssl crt \(pair) alpn h2,http/1.1
                bind 127.0.0.1:\(strict ?? 0) ssl crt \(pair) alpn h2,http/1.1 ca-file \(ca) verify required
                http-request return status 200 content-type text/plain lf-string "%[ssl_fc_sni] %[ssl_c_s_dn(cn)] %[req.ver]"

            """
        }
    }

    private static func json(_ text: String) -> String {
        String(decoding: JSONFragment.string(text).json, as: UTF8.self)
    }

    private static func pem(_ file: String) throws -> String { json(try String(contentsOfFile: file, encoding: .utf8)) }

    private func apply(
        _ device: DeviceUnderTest,
        _ nodes: String,
        _ tls: String,
        _ others: String = #""session_persistence": {"type": "NONE"}"#,
        as listenerProtocol: ListenerProtocol = .http
    ) async throws {
        let members = #"\#(nodes), "tls_enabled": true, \#(tls), \#(others)"#
        try await device.driver.apply(device.decode(members, as: listenerProtocol))
    }

    private func get(_ device: DeviceUnderTest) async throws -> RawAnswer {
        try await RawAnswer.to("GET / HTTP/1.1\nHost: other.example.com", device.httpPort)
    }

    @Test
    func theCertificateIsVerified() async throws {
        try await withTLSDevice { device, fixture in
            try await Nodes.run(in: fixture) { servers in
                let right = #""ca_tls_container_data": \#(try Self.pem(servers.authority.ca))"#
                let wrong = #""ca_tls_container_data": \#(try Self.pem(fixture.authority.ca))"#
                let name = #""tls_server_name": "node.example.com""#
                let port = servers.open ?? 0
                let byName = #""nodes": [{"id": "1", "address": "localhost", "port": \#(port)}]"#
                let rows: [(nodes: String, tls: String, body: String?)] = [
                    (DeviceUnderTest.nodes(port), "\(right), \(name)", "node.example.com  2.0"),
                    (DeviceUnderTest.nodes(port), "\(right), \"tls_server_name\": \"other.example.com\"", nil),
                    (DeviceUnderTest.nodes(port), "\(wrong), \(name)", nil),
                    (DeviceUnderTest.nodes(port), name, "node.example.com  2.0"),
                    (DeviceUnderTest.nodes(port), #""tls_server_name": "other.example.com""#, "other.example.com  2.0"),
                    (DeviceUnderTest.nodes(port), #""tls_server_name": null"#, "  2.0"),
                    (byName, right, "localhost  2.0"),
                ]
                for row in rows {
                    try await apply(device, row.nodes, row.tls)
                    let answer = try await get(device)
                    #expect(answer.status == (row.body == nil ? 503 : 200), "\(row)")
                    if let body = row.body { #expect(answer.body == body) }
                }
                let set = #"\#(DeviceUnderTest.nodes(port)), "tls_enabled": true, \#(right)"#
                let error = #expect(throws: MessageError.self) { try device.decode(set) }
                #expect(error.map { "\($0)" }?.contains("loadbalancers[0].tls_server_name") == true)
            }
        }
    }

    @Test
    func nodesSeeTheCertificateOfTheMessage() async throws {
        try await withTLSDevice { device, fixture in
            try await Nodes.run(in: fixture) { servers in
                func container(_ name: String) async throws -> String {
                    let identity = try await fixture.authority.issue(name, usage: .client)
                    let (certificate, key) = (try Self.pem(identity.certificate), try Self.pem(identity.key))
                    return #""tls_container_data": {"id": "c", "certificate": \#(certificate), "private_key": \#(key)}"#
                }
                let nodes = DeviceUnderTest.nodes(servers.strict ?? 0)
                for name in ["first", "second"] {
                    try await apply(device, nodes, container(name))
                    #expect(try await get(device).body == " \(name) 2.0")
                    // A pair, and no other file.
                    #expect(device.keyFiles().count == 1, "\(device.keyFiles().keys)")
                }
                try await apply(device, nodes, #""tls_server_name": "x""#)
                let refused = try await get(device).status
                #expect([502, 503].contains(refused), "\(refused)")
                #expect(device.keyFiles().isEmpty)
            }
        }
    }

    /// Nodes come and go without a reload once HAProxy has their files.
    @Test
    func nodesComeAndGoWithoutAReload() async throws {
        try await withTLSDevice { device, fixture in
            try await Nodes.run(in: fixture) { servers in
                let identity = try await fixture.authority.issue("client", usage: .client)
                let tls = """
                    "ca_tls_container_data": \(try Self.pem(servers.authority.ca)), "tls_server_name": "node.example.com",
                    "tls_container_data": {"id": "c", "certificate": \(try Self.pem(identity.certificate)),
                      "private_key": \(try Self.pem(identity.key))}
                    """
                let (open, strict) = (servers.open ?? 0, servers.strict ?? 0)
                func seen(_ count: Int) async throws -> Set<String> {
                    var seen: Set<String> = []
                    for _ in 0..<count {
                        let answer = try await get(device)
                        seen.insert(answer.status == 200 ? answer.body : "\(answer.status)")
                    }
                    return seen
                }
                try await apply(device, #""nodes": []"#, tls)
                #expect(try await seen(1) == ["503"])
                try await apply(device, DeviceUnderTest.nodes(open), tls)
                #expect(try await device.processes()?.reloads == 1, "the files are new")
                #expect(try await seen(2) == ["node.example.com  2.0"])
                try await apply(device, DeviceUnderTest.nodes(open, strict), tls)
                #expect(try await seen(6) == ["node.example.com  2.0", "node.example.com client 2.0"])
                try await apply(device, #""nodes": [{"id": "2", "address": "127.0.0.1", "port": \#(strict)}]"#, tls)
                #expect(try await seen(4) == ["node.example.com client 2.0"])
                try await apply(device, DeviceUnderTest.nodes(open, strict), tls)
                #expect(try await seen(6).count == 2)
                #expect(try await device.processes()?.reloads == 1)
                // Other authorities: those of the old ones are no longer served.
                let other = tls.replacing(try Self.pem(servers.authority.ca), with: try Self.pem(fixture.authority.ca))
                try await apply(device, DeviceUnderTest.nodes(open, strict), other)
                #expect(try await device.processes()?.reloads == 2)
                #expect(try await seen(4) == ["503"])
            }
        }
    }

    /// Checks use the TLS of connections, whatever they ask.
    @Test(arguments: ["CONNECT", "TLS-HELLO", "HTTP", "HTTPS"], [true, false])
    func checksVerifyToo(kind: String, isRight: Bool) async throws {
        try await withTLSDevice { device, fixture in
            try await Nodes.run(in: fixture) { servers in
                let authority = isRight ? servers.authority : fixture.authority
                let tls =
                    #""ca_tls_container_data": \#(try Self.pem(authority.ca)), "tls_server_name": "node.example.com""#
                let domain = kind == "CONNECT" ? "" : #", "domain_name": "www.example.com""#
                let monitor = #""monitor": {"type": "\#(kind)", "delay": 1, "timeout": 1, "attempts": 1\#(domain)}"#
                try await apply(device, DeviceUnderTest.nodes(servers.open ?? 0), tls, monitor)
                try await eventually("the node is \(isRight ? "up" : "down")") {
                    let states = try await device.driver.nodeStates()
                    return states.map(\.state) == [isRight ? .up : .down]
                        && states.allSatisfy { $0.reason != NodeStatus.notChecked }
                }
                #expect(try await get(device).status == (isRight ? 200 : 503))
            }
        }
    }

    /// A client of plain TCP reaches a node that speaks TLS.
    @Test
    func tcpIsEncryptedToo() async throws {
        try await withTLSDevice { device, fixture in
            try await Nodes.run(in: fixture) { servers in
                let tls = """
                    "ca_tls_container_data": \(try Self.pem(servers.authority.ca)), "tls_server_name": "node.example.com"
                    """
                try await apply(device, DeviceUnderTest.nodes(servers.open ?? 0), tls, as: .tcp)
                #expect(try await get(device).body == "node.example.com  1.1")
            }
        }
    }
}
