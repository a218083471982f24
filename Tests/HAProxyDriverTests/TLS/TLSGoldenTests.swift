// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import Subprocess
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// The rendered text of listeners with TLS; `STEELYARD_TEST_UPDATE_GOLDEN=1` rewrites the files.
///
/// The messages have the form of the state file, which has no key.
@Suite
struct TLSGoldenTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let name: String
        let message: String
        var isSuspended = false

        var testDescription: String { name }
    }

    private static func digest(_ digit: String) -> String { String(repeating: digit, count: 64) }

    private static func container(_ id: String, _ digit: String) -> String {
        #"{"id": "\#(id)", "sha256": "\#(digest(digit))", "file_sha256": "\#(digest(digit.uppercased()))"}"#
    }

    private static let full = """
        {"hpcs_action": "UPDATE", "loadbalancers": [
          {"id": 7, "protocol": "TERMINATED_HTTPS", "address": "192.0.2.1",
           "default_tls_container_data": \(container("c-1", "a")),
           "sni_container_data": [\(container("one.example.com", "b")), \(container("two", "c"))],
           "tls_versions": ["TLSv1.3", "TLSv1.2"], "tls_ciphers": "ECDHE+AESGCM:!aNULL", "alpn_protocols": ["http/1.1"],
           "client_authentication": "MANDATORY", "client_ca_tls_container_data": "\(digest("d"))",
           "client_crl_container_data": "\(digest("e"))",
           "hsts_max_age": 31536000, "hsts_include_subdomains": true, "hsts_preload": true,
           "nodes": [{"id": "a", "address": "10.0.0.1", "port": 80}]},
          {"protocol": "HTTPS", "address": "192.0.2.2", "nodes": [{"address": "10.0.0.2", "port": 443}]}]}
        """

    /// TLS to nodes, policies and headers about clients' certificates.
    private static let nodes = """
        {"hpcs_action": "UPDATE", "loadbalancers": [
          {"id": "web", "protocol": "TERMINATED_HTTPS", "default_tls_container_data": \(container("c-1", "a")),
           "client_authentication": "OPTIONAL", "client_ca_tls_container_data": "\(digest("d"))",
           "insert_headers": {"X-Forwarded-Proto": "true", "X-Forwarded-Port": "true", "X-SSL-Client-Verify": "true",
             "X-SSL-Client-Has-Cert": "true", "X-SSL-Client-DN": "true", "X-SSL-Client-CN": "true", "X-SSL-Issuer": "true",
             "X-SSL-Client-SHA1": "true", "X-SSL-Client-Not-Before": "true", "X-SSL-Client-Not-After": "true"},
           "l7policies": [
             {"action": "REJECT", "rules": [
               {"type": "SSL_CONN_HAS_CERT", "compare_type": "EQUAL_TO", "value": "True", "invert": true},
               {"type": "SSL_VERIFY_RESULT", "compare_type": "EQUAL_TO", "value": "10"},
               {"type": "SSL_DN_FIELD", "compare_type": "STARTS_WITH", "key": "CN", "value": "bob"}]}],
           "tls_enabled": true, "tls_container_data": \(container("client", "b")),
           "ca_tls_container_data": "\(digest("e"))", "tls_server_name": "Nodes.example.com",
           "monitor": {"type": "HTTPS", "delay": 5, "timeout": 2, "attempts": 1, "domain_name": "www.example.com"},
           "nodes": [{"id": "a", "address": "10.0.0.1", "port": 443}, {"id": "b", "address": "10.0.0.2", "port": 443}],
           "pools": [
             {"id": "named", "tls_enabled": true, "ca_tls_container_data": "\(digest("e"))",
              "monitor": {"type": "TLS-HELLO", "delay": 5, "timeout": 2, "attempts": 1},
              "nodes": [{"id": "a", "address": "one.example.com", "port": 443}, {"id": "b", "address": "two.example.com", "port": 443}]},
             {"id": "unverified", "tls_enabled": true,
              "monitor": {"type": "HTTP", "delay": 5, "timeout": 2, "attempts": 1},
              "nodes": [{"id": "a", "address": "10.0.0.3", "port": 443}]}]},
          {"protocol": "TCP", "port": 3306, "tls_enabled": true, "tls_server_name": "db.example.com",
           "nodes": [{"id": "a", "address": "10.0.0.4", "port": 3306}]}]}
        """

    static let examples = [
        Example(name: "tls-nodes", message: nodes),
        Example(
            name: "tls-minimal",
            message: """
                {"hpcs_action": "UPDATE", "loadbalancers": [{"protocol": "TERMINATED_HTTPS", "nodes": [],
                 "default_tls_container_data": \(container("c", "a"))}]}
                """
        ),
        Example(name: "tls-full", message: full),
        Example(name: "tls-suspended", message: full, isSuspended: true),
        Example(
            name: "tls-old-clients",
            message: """
                {"hpcs_action": "UPDATE", "loadbalancers": [{"protocol": "TERMINATED_HTTPS", "port": 8443, "nodes": [],
                 "default_tls_container_data": \(container("c", "a")), "tls_versions": ["TLSv1", "TLSv1.1", "TLSv1.2"],
                 "alpn_protocols": [], "client_authentication": "OPTIONAL",
                 "client_ca_tls_container_data": "\(digest("d"))", "hsts_max_age": 0}]}
                """
        ),
        Example(
            name: "redirect",
            message: """
                {"hpcs_action": "UPDATE", "loadbalancers": [{"protocol": "HTTP", "redirect_to_https": true, "nodes": []}]}
                """
        ),
    ]

    @Test(arguments: examples)
    func rendersAsAnExpertWouldWriteIt(_ example: Example) throws {
        try GoldenTests.expect(Self.render(example), toBe: example.name)
    }

    @Test(Requirement.haproxy.trait, Requirement.openssl.trait, arguments: examples)
    func isAcceptedByHAProxy(_ example: Example) async throws {
        let rendered = try Self.render(example)
        try await withTemporaryFolder { folder in
            let authority = try await TestCertificates(in: folder)
            let container = try await TLSFixture(folder: folder, authority: authority).container("any")
            let keys = folder.appending(path: "tls")
            try FileManager.default.createDirectory(at: keys, withIntermediateDirectories: false)
            func write(_ text: String, to name: String) throws {
                try text.write(to: keys.appending(path: name), atomically: true, encoding: .utf8)
            }
            for loadBalancer in rendered.set.loadBalancers {
                let slots = CertificateSlot.all(of: loadBalancer)
                for slot in slots { try write(container.content?.pem.secret ?? "", to: slot.fileName.text) }
                let list = slots.map { keys.appending(path: $0.fileName.text).path + "\n" }.joined()
                if let slot = slots.first { try write(list, to: CertificateSlot.listName(slot.key).text) }
                guard let trust = loadBalancer.tls?.clientAuthentication.trust else { continue }
                let authorities = try String(contentsOfFile: authority.ca, encoding: .utf8)
                try write(authorities, to: "\(trust.authorities.sha256).trust.pem")
                guard let revocations = trust.revocations else { continue }
                try write(await authority.revocationList(), to: "\(revocations.sha256).trust.pem")
            }
            for tls in rendered.set.backends.compactMap(\.pool.tls) {
                if let digest = tls.certificate?.digest {
                    try write(container.content?.pem.secret ?? "", to: "\(digest).pem")
                }
                guard let authorities = tls.authorities else { continue }
                try write(String(contentsOfFile: authority.ca, encoding: .utf8), to: "\(authorities.sha256).trust.pem")
            }
            let file = folder.appending(path: "haproxy.cfg")
            let text = rendered.text.replacing("/var/lib/steelyard", with: folder.path)
            try text.write(to: file, atomically: true, encoding: .utf8)
            let result = try await Subprocess.run(
                .path(FilePath(Environment.haproxy)),
                arguments: ["-c", "-f", file.path],
                output: .string(limit: 1 << 20),
                error: .combinedWithOutput
            )
            let warnings = result.standardOutput.split(separator: "\n").filter {
                $0.hasPrefix("[WARNING]") && !$0.contains("server state file")
                    && !$0.contains("could not resolve address")
            }
            #expect(result.terminationStatus.isSuccess, "\(result.standardOutput)")
            #expect(warnings.isEmpty)
        }
    }

    /// What a message says about a certificate is in comments only, so that a rotation changes no other line.
    @Test
    func onlyCommentsDependOnCertificates() throws {
        let other = Example(
            name: "other",
            message: Self.full.replacing("aaaa", with: "ffff").replacing("AAAA", with: "FFFF")
        )
        let (before, after) = (try Self.render(Example(name: "full", message: Self.full)), try Self.render(other))
        #expect(before.structure == after.structure)
        #expect(before.checksum != after.checksum && before.fingerprint != after.fingerprint)
        func lines(_ text: String) -> [Substring] { text.split(separator: "\n").filter { !$0.contains("# ") } }
        let differing = zip(lines(before.text), lines(after.text)).filter { $0 != $1 }
        #expect(differing.allSatisfy { $0.0.contains("set-var") }, "\(differing)")
    }

    private static func render(_ example: Example) throws -> RenderedConfiguration {
        let set = try #require(LoadBalancerSet(message: Array(example.message.utf8)))
        let configuration = try HAProxyConfiguration(["max_connections": 1000], stateDirectory: "/var/lib/steelyard")
        let facts = DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: nil)
        return HAProxyRenderer(configuration, facts).render(set, isSuspended: example.isSuspended)
    }
}
