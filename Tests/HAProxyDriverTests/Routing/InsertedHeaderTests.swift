// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization
import TestServers
import Testing

@testable import HAProxyDriver

/// The headers that nodes receive, against clients that send copies of their own.
@Suite(Requirement.haproxy.trait)
struct InsertedHeaderTests {
    /// A node that keeps the header of each request.
    private final class Node: Sendable {
        private let heads = Mutex<[String]>([])

        var script: LoopbackScript {
            LoopbackScript { [self] connection, _ in
                while let head = connection.readHead() {
                    heads.withLock { $0.append(head) }
                    connection.answer("200 OK", "hello")
                }
            }
        }

        /// The fields of the last request, with names in lower case.
        var fields: [(name: String, value: String)] {
            heads.withLock { $0.last ?? "" }.split(separator: "\r\n").dropFirst().map { line in
                let end = line.firstIndex(of: ":") ?? line.endIndex
                let value = line[end...].dropFirst().drop { $0 == " " }
                return (line[..<end].lowercased(), String(value))
            }
        }

        /// The values of all fields whose names a node could take for this one.
        func values(like name: String) -> [String] {
            fields.filter { $0.name.replacing("_", with: "-") == name.lowercased() }.map(\.value)
        }
    }

    private static let spoofed = """

        X-Forwarded-Proto: https
        X_Forwarded_Proto: https
        X-Forwarded_Proto: https, https
        x-forwarded-proto: evil
        X-FORWARDED-PORT: 6666
        x_forwarded_port: 6666
        X-Forwarded-For: 6.6.6.6
        X-Forwarded-For: 6.6.6.7, 6.6.6.8
        X_FORWARDED_FOR: 6.6.6.9
        X-Forwarded-Prototype: kept
        A-X-Forwarded-Proto: kept
        """

    @Test
    func aClientCannotSendThemItself() async throws {
        let node = Node()
        try await node.script.serve { server in
            try await withDevice { device in
                func ask(_ headers: String, _ fields: String) async throws {
                    let list = headers.isEmpty ? "" : #", "insert_headers": {\#(headers)}"#
                    try await device.driver.apply(device.decode(DeviceUnderTest.nodes(server.port) + list))
                    let answer = try await RawAnswer.to("GET / HTTP/1.1\nHost: test" + fields, device.httpPort)
                    #expect(answer.status == 200)
                }
                for value in [#""true""#, "true", #""True""#] {
                    let all = ["X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"].map {
                        #""\#($0)": \#(value)"#
                    }
                    for fields in ["", Self.spoofed] {
                        try await ask(all.joined(separator: ", "), fields)
                        #expect(node.values(like: "X-Forwarded-Proto") == ["http"])
                        #expect(node.values(like: "X-Forwarded-Port") == ["\(device.httpPort)"])
                        #expect(node.values(like: "X-Forwarded-For") == ["127.0.0.1"])
                    }
                    #expect(node.values(like: "X-Forwarded-Prototype") == ["kept"])
                    #expect(node.values(like: "A-X-Forwarded-Proto") == ["kept"])
                }
                // Only the fields of the message are the load balancer's own.
                try await ask(#""X-Forwarded-Port": "true", "X-Forwarded-Proto": "false""#, Self.spoofed)
                #expect(node.values(like: "X-Forwarded-Port") == ["\(device.httpPort)"])
                #expect(node.values(like: "X-Forwarded-Proto").count == 4)
                #expect(node.values(like: "X-Forwarded-For").last == "127.0.0.1")
                try await ask("", Self.spoofed)
                #expect(node.values(like: "X-Forwarded-Port").count == 2)
                #expect(
                    node.values(like: "X-Forwarded-For") == ["6.6.6.6", "6.6.6.7, 6.6.6.8", "6.6.6.9", "127.0.0.1"]
                )
                try await ask(#""X-Forwarded-For": "false""#, "\nX-Forwarded-For: 6.6.6.6")
                #expect(node.values(like: "X-Forwarded-For") == ["6.6.6.6"])
                try await ask(#""X-Forwarded-For": false"#, "")
                #expect(node.values(like: "X-Forwarded-For") == [])
            }
        }
    }

    private static let aboutCertificates: [InsertedHeaders.Header] = InsertedHeaders.Header.allCases.filter(
        \.isAboutCertificate
    )

    /// HTTP/1.1 and HTTP/2, with a certificate and without.
    @Test(Requirement.openssl.trait)
    func nodesSeeTheClientsCertificate() async throws {
        let node = Node()
        try await node.script.serve { server in
            try await withTLSDevice { device, fixture in
                let client = try await fixture.authority.issue("a client", usage: .client)
                let digest = try await Command.run(
                    "/usr/bin/openssl",
                    ["x509", "-in", client.certificate, "-noout", "-fingerprint", "-sha1"]
                )
                let sha1 = String(decoding: digest, as: UTF8.self).split(separator: "=").last?.filter(\.isHexDigit)
                let trust = ClientAuthentication.Trust(
                    authorities: try TLSFixture.authorities(fixture.authority),
                    revocations: nil
                )
                let loadBalancer = try await LoadBalancer(
                    protocol: .terminatedHTTPS,
                    address: IPAddress("127.0.0.1"),
                    port: Port(device.httpPort),
                    defaultPool: Pool(nodes: [.local("1", server.port)]),
                    routing: Routing(insertedHeaders: InsertedHeaders(Set(InsertedHeaders.Header.allCases))),
                    tls: ListenerTLS(
                        certificate: fixture.container("standard"),
                        clientAuthentication: .optional(trust)
                    )
                )
                try await device.driver.apply(LoadBalancerSet([loadBalancer]))
                let names = InsertedHeaders.Header.allCases.map(\.rawValue) + ["X-SSL-Client-Anything"]
                let spoofed = names.flatMap { name in
                    [name, name.lowercased(), name.replacing("-", with: "_")].map { "-H\($0): evil" }
                }
                func ask(_ options: [String]) async throws {
                    let text = try await fixture.curl(device, host: "standard.example.com", path: "/", options)
                    #expect(text == "hello")
                    #expect(node.fields.allSatisfy { !$0.value.contains("evil") }, "\(node.fields)")
                    #expect(node.values(like: "X-Forwarded-Proto") == ["https"])
                    #expect(node.values(like: "X-Forwarded-Port") == ["\(device.httpPort)"])
                    #expect(node.values(like: "X-Forwarded-For") == ["127.0.0.1"])
                    for header in Self.aboutCertificates {
                        #expect(node.values(like: header.rawValue).count == 1, "\(header)")
                    }
                    #expect(node.values(like: "X-SSL-Client-Anything") == [])
                }
                for version in ["--http1.1", "--http2"] {
                    try await ask([version, "--cert", client.certificate, "--key", client.key] + spoofed)
                    let expected: [InsertedHeaders.Header: String] = [
                        .clientVerify: "0", .clientHasCertificate: "1", .clientName: "/CN=a client",
                        .clientCommonName: "a client", .issuer: "/CN=authority",
                        .clientSHA1: sha1 ?? "", .clientNotBefore: "200101000000Z",
                        .clientNotAfter: "990101000000Z",
                    ]
                    for (header, value) in expected {
                        #expect(node.values(like: header.rawValue) == [value], "\(header) \(version)")
                    }
                    try await ask([version] + spoofed)
                    #expect(node.values(like: "X-SSL-Client-Has-Cert") == ["0"])
                    #expect(node.values(like: "X-SSL-Client-DN") == [""])
                }
            }
        }
    }

    /// The authority is trusted, but has signed a name with a line break.
    @Test(Requirement.openssl.trait)
    func aNameWithALineBreakAddsNoField() async throws {
        let node = Node()
        try await node.script.serve { server in
            try await withTLSDevice { device, fixture in
                let client = try await fixture.authority.issue("x\nX-Admin: evil", usage: .client)
                let trust = ClientAuthentication.Trust(
                    authorities: try TLSFixture.authorities(fixture.authority),
                    revocations: nil
                )
                for header in [InsertedHeaders.Header.clientName, .clientCommonName, .clientVerify] {
                    let loadBalancer = try await LoadBalancer(
                        protocol: .terminatedHTTPS,
                        address: IPAddress("127.0.0.1"),
                        port: Port(device.httpPort),
                        defaultPool: Pool(nodes: [.local("1", server.port)]),
                        routing: Routing(insertedHeaders: InsertedHeaders([header])),
                        tls: ListenerTLS(
                            certificate: fixture.container("standard"),
                            clientAuthentication: .mandatory(trust)
                        )
                    )
                    try await device.driver.apply(LoadBalancerSet([loadBalancer]))
                    let status = try await fixture.curl(
                        device,
                        host: "standard.example.com",
                        path: "/",
                        ["--cert", client.certificate, "--key", client.key, "-o/dev/null", "-w%{http_code}"]
                    )
                    #expect(status == "400", "\(header)")
                }
                #expect(node.fields.isEmpty)
            }
        }
    }
}
