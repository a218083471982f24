// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

@testable import SteelyardWorker

/// Servers that a device trusts, and devices that a server accepts, with the configuration of packaging/tls.
@Suite(Requirement.stunnel.trait, Requirement.openssl.trait) struct TLSVerificationTests {
    @Test(
        arguments: [
            "gearman.example.com", "GEARMAN.Example.COM", "gearman.example.com.", "a.wild.example.com", "127.0.0.1",
            "2001:db8::1", "2001:0DB8:0::1",
        ]
    )
    func acceptsTheHost(_ host: String) async throws {
        try await withTLSFixture { fixture in
            try await fixture.withEcho { server in
                let reply = try await withTLSClient(fixture.settings, host: host, port: server.port) { client in
                    try client.handshake()
                    #expect(client.session.version == "TLSv1.3")
                    try client.write(Array("hello".utf8))
                    return try client.read()
                }
                #expect(reply == Array("hello".utf8))
                // The configured name replaces the host.
                var settings = fixture.settings
                settings.serverName = host
                try await withTLSClient(settings, host: "other.example.com", port: server.port) { client in
                    try client.handshake()
                }
            }
        }
    }

    @Test(
        arguments: [
            // The common name counts only in a certificate without names.
            ("cn.example.com", "hostname mismatch"), ("other.example.com", "hostname mismatch"),
            ("a.b.wild.example.com", "hostname mismatch"), ("wild.example.com", "hostname mismatch"),
            ("127.0.0.2", "IP address mismatch"), ("2001:db8::2", "IP address mismatch"),
        ]
    )
    func rejectsTheHost(_ host: String, _ reason: String) async throws {
        try await withTLSFixture { fixture in
            try await fixture.withEcho { server in
                let error = try await failure(fixture.settings, host: host, port: server.port)
                #expect(error?.code == .untrustedServer)
                #expect(
                    error?.description.lowercased()
                        == ("the server's certificate is not accepted: \(reason): the certificate is for "
                        + "\(TLSFixture.hosts.joined(separator: ", ")), not for \(host)").lowercased()
                )
                var settings = fixture.settings
                settings.serverName = host
                let other = try await failure(settings, host: "gearman.example.com", port: server.port)
                #expect(other?.code == .untrustedServer)
            }
        }
    }

    /// The owner of a certificate chooses its names, and the names are logged.
    @Test func escapesNames() async throws {
        try await withTLSFixture { fixture in
            let identity = try await fixture.authority.issue("line\nbreak \u{1B}[31m")
            try await fixture.withEcho(identity: identity) { server in
                let error = try await failure(fixture.settings, host: "a.example.com", port: server.port)
                #expect(
                    error?.description.hasSuffix("the certificate is for line?break??[31m, not for a.example.com")
                        == true
                )
            }
        }
    }

    @Test func rejectsPartialWildcards() async throws {
        try await withTLSFixture { fixture in
            let identity = try await fixture.authority.issue("partial", for: ["g*.example.com"])
            try await fixture.withEcho(identity: identity) { server in
                let error = try await failure(fixture.settings, host: "gearman.example.com", port: server.port)
                #expect(error?.description.contains("hostname mismatch") == true)
            }
        }
    }

    @Test func rejectsUntrustedServers() async throws {
        try await withTLSFixture { fixture in
            let hosts = TLSFixture.hosts
            let other = try await TestCertificates(in: fixture.folder, name: "other")
            let rows: [(TestCertificates.Identity, String)] = [
                (try await other.issue("a", for: hosts), "unable to get local issuer certificate; gearman.tls.ca"),
                (
                    try await TestCertificates.selfSigned(in: fixture.folder, name: "self", for: hosts),
                    "self-signed certificate; gearman.tls.ca"
                ),
                (
                    try await fixture.authority.issue("old", for: hosts, validity: .expired),
                    "certificate has expired (at 2021-01-01 00:00:00 UTC)"
                ),
                (
                    try await fixture.authority.issue("new", for: hosts, validity: .future),
                    "certificate is not yet valid (until 2098-01-01 00:00:00 UTC)"
                ),
                // Otherwise any device could impersonate the job server.
                (try await fixture.authority.issue("device", for: hosts, usage: .client), "certificate purpose"),
            ]
            for (identity, reason) in rows {
                try await fixture.withEcho(identity: identity) { server in
                    let error = try await failure(fixture.settings, port: server.port)
                    #expect(error?.code == .untrustedServer, "\(reason)")
                    #expect(error?.key == nil)
                    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "accepted")")
                }
            }
            // If a file is given, the system's authorities are not used; they do not include the test's.
            try await fixture.withEcho { server in
                let error = try await failure(TLSSettings(serverName: "127.0.0.1"), port: server.port)
                #expect(error?.code == .untrustedServer)
            }
        }
    }

    /// A server with several certificates selects one by the name in the client's SNI.
    @Test func announcesTheName() async throws {
        try await withTLSFixture { fixture in
            let other = try await fixture.authority.issue("default", for: ["default.example.com"])
            let options = ["-cert2", fixture.server.certificate, "-key2", fixture.server.key]
            try await withOpenSSLServer(
                in: fixture.folder,
                identity: other,
                options: options + ["-servername", "gearman.example.com"]
            ) { port in
                for host in ["gearman.example.com", "default.example.com"] {
                    try await withTLSClient(fixture.settings, host: host, port: port) { try $0.handshake() }
                }
            }
        }
    }

    @Test func acceptsAChain() async throws {
        try await withTLSFixture { fixture in
            let intermediate = try await fixture.authority.intermediate("intermediate")
            let server = try await intermediate.issue("server", for: ["127.0.0.1"])
            let client = try await intermediate.issue("client", usage: .client)
            try await fixture.withEcho(identity: server) { server in
                let settings = fixture.settings(client)
                let reply = try await withTLSClient(settings, port: server.port) { client in
                    try client.handshake()
                    try client.write([1, 2, 3])
                    return try client.read()
                }
                #expect(reply == [1, 2, 3])
            }
        }
    }

    /// The server's reason is reported for both a first read and a first write, although it arrives after the
    /// handshake.
    @Test(arguments: [true, false])
    func clientCertificateIsRequired(readsFirst: Bool) async throws {
        try await withTLSFixture { fixture in
            let other = try await TestCertificates(in: fixture.folder, name: "other")
            let rows: [(TestCertificates.Identity?, String)] = [
                (nil, "certificate required; set gearman.tls.certificate and gearman.tls.key"),
                (try await other.issue("stranger", usage: .client), "unknown ca; check gearman.tls.certificate"),
                (try await fixture.authority.issue("server"), "; check gearman.tls.certificate"),
                (
                    try await fixture.authority.issue("late", usage: .client, validity: .future),
                    "; check gearman.tls.certificate"
                ),
            ]
            try await fixture.withEcho { server in
                for (identity, reason) in rows {
                    let error = try await failure(fixture.settings(identity), port: server.port) { client in
                        guard !readsFirst else {
                            _ = try client.read()
                            return
                        }
                        // The first write succeeds; a later one fails because the server has closed the connection.
                        while try client.write([UInt8](repeating: 0, count: 1000)) {}
                    }
                    #expect(error?.code == .rejectedByServer, "\(reason)")
                    #expect(error?.description.hasPrefix("the server rejected the TLS connection: ") == true)
                    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "accepted")")
                }
            }
        }
    }

    @Test func clientCertificateWithTLS12() async throws {
        try await withTLSFixture { fixture in
            let options = ["-tls1_2", "-Verify", "1", "-verify_return_error", "-CAfile", fixture.authority.ca]
            try await withOpenSSLServer(in: fixture.folder, identity: fixture.server, options: options) { port in
                let error = try await failure(fixture.settings(nil), port: port)
                #expect(error?.code == .rejectedByServer)
                let reply = try await withTLSClient(fixture.settings, port: port) { client in
                    try client.handshake()
                    #expect(client.session.version == "TLSv1.2")
                    try client.write(Array("abc\n".utf8))
                    return try client.read()
                }
                #expect(reply == Array("cba\n".utf8))
            }
        }
    }

    /// The rotation that packaging/tls/README.md describes.
    @Test func rotates() async throws {
        try await withTLSFixture { fixture in
            let identity = try await fixture.authority.issue("rotated", for: ["old.example.com"])
            let next = try await fixture.authority.issue("next", for: ["new.example.com"])
            try await fixture.withEcho(identity: identity) { server in
                let (isConnected, rotation) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
                async let reply = withTLSClient(fixture.settings, host: "old.example.com", port: server.port) {
                    client in
                    defer { isConnected.signal() }
                    try client.handshake()
                    try client.write([1])
                    guard try client.read() == [1] else { return nil as [UInt8]? }
                    isConnected.signal()
                    rotation.wait()
                    try client.write([2])
                    return try client.read()
                }
                try await blocking { isConnected.wait() }
                for (old, new) in [(identity.certificate, next.certificate), (identity.key, next.key)] {
                    try Data(contentsOf: URL(fileURLWithPath: new)).write(to: URL(fileURLWithPath: old))
                }
                try await server.reload()
                try await withTLSClient(fixture.settings, host: "new.example.com", port: server.port) { client in
                    try client.handshake()
                }
                let error = try await failure(fixture.settings, host: "old.example.com", port: server.port)
                #expect(error?.code == .untrustedServer)
                rotation.signal()
                #expect(try await reply == [2])
            }
        }
    }
}
