// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCertificates
import SteelyardCore
import Subprocess
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// Hostile texts in the fields of TLS: accepted ones are one word each.
@Suite(Requirement.openssl.trait, .ownThread)
struct TLSHostileValueTests {
    private static let fields = [
        "default_tls_container_data.id", "default_tls_container_data.sha256", "sni_container_data.id",
        "sni_container_data.sha256", "tls_versions", "tls_ciphers", "alpn_protocols", "client_authentication",
        "client_ca_tls_container_data", "client_crl_container_data", "hsts_max_age", "hsts_preload",
        "hsts_include_subdomains", "redirect_to_https", "default_tls_container_data.certificate",
        "default_tls_container_data.private_key", "default_tls_container_data.passphrase",
        "default_tls_container_data.intermediates",
    ]

    /// The texts of ``HostileValueTests``, and each byte of ASCII at the start, in the middle and at the end of a word.
    private static let hostile: [String] =
        HostileValueTests.hostile
        + (UInt8(0)...127).flatMap { byte in
            let text = String(decoding: [byte], as: UTF8.self)
            return [text + "ab", "a" + text + "b", "ab" + text]
        }

    @Test
    func noTextLeavesItsWord() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await TestCertificates(in: folder)
            let container = try await TLSFixture(folder: folder, authority: authority).container("c")
            let content = try #require(container.content)
            let authorities = try String(contentsOfFile: authority.ca, encoding: .utf8)
            try await blocking {
                try Self.tryEachField(content.certificate, content.privateKey.secret, authorities)
            }
        }
    }

    private static func tryEachField(_ certificate: String, _ key: String, _ authorities: String) throws {
        let reference = try text(#require(decode(message("", nil, certificate, key, authorities))))
        let words = reference.split(separator: "\n").map {
            $0.split(separator: " ", omittingEmptySubsequences: false).count
        }
        var accepted: [String: Int] = [:]
        for field in fields {
            // The only words that add one.
            let isSwitch = field == "hsts_preload" || field == "hsts_include_subdomains"
            for value in hostile where !(isSwitch && value == "true") {
                guard let set = decode(message(field, value, certificate, key, authorities)) else { continue }
                accepted[field, default: 0] += 1
                let rendered = try text(set)
                let lines = rendered.split(separator: "\n")
                #expect(lines.count == words.count, "\(field) = \(value.debugDescription)")
                // A comment on a certificate depends on whether the message has the certificate.
                for (line, count) in zip(lines, words) where !line.hasPrefix("    # ") {
                    let isSame = line.split(separator: " ", omittingEmptySubsequences: false).count == count
                    #expect(isSame, "\(field) = \(value.debugDescription): \(line)")
                }
                let isPlain = rendered.utf8.dropFirst().allSatisfy { byte in
                    0x20...0x7E ~= byte && !"'\\$".utf8.contains(byte) || byte == UInt8(ascii: "\n")
                }
                #expect(isPlain, "\(field) = \(value.debugDescription)")
                // The only quotes are those of the header, and the only hash signs those of comments.
                #expect(
                    rendered.utf8.count { $0 == UInt8(ascii: "\"") }
                        == reference.utf8.count { $0 == UInt8(ascii: "\"") }
                )
                #expect(
                    rendered.utf8.count { $0 == UInt8(ascii: "#") } == reference.utf8.count { $0 == UInt8(ascii: "#") }
                )
                for loadBalancer in set.loadBalancers {
                    for slot in CertificateSlot.all(of: loadBalancer) {
                        let name = slot.fileName.text
                        #expect(!name.contains("/") && !name.hasPrefix("."), "\(name)")
                        #expect(name.utf8.count < 255, "\(name)")
                    }
                }
            }
        }
        #expect(accepted["sni_container_data.id", default: 0] > 100)
        #expect(accepted["tls_ciphers", default: 0] > 100)
    }

    private static func message(
        _ field: String,
        _ value: String?,
        _ certificate: String,
        _ key: String,
        _ authorities: String
    ) -> [UInt8] {
        func container(_ name: String) -> JSONFragment {
            // Certificates take time.
            let isText = field == name + ".id" || field == name + ".sha256" || !field.hasPrefix(name)
            var members =
                isText
                ? ["id": "c", "sha256": String(repeating: "a", count: 64)]
                : ["id": "c", "certificate": certificate, "private_key": key]
            if field.hasPrefix(name + ".") { members[String(field.dropFirst(name.count + 1))] = value }
            return .object(
                members.map {
                    .init($0.key, $0.key == "intermediates" ? .array([.string($0.value)]) : .string($0.value))
                }
            )
        }
        var members: [String: JSONFragment] = [
            "protocol": .string("TERMINATED_HTTPS"), "nodes": .array([]), "hsts_max_age": .integer(7),
            "default_tls_container_data": container("default_tls_container_data"),
            "sni_container_data": .array([container("sni_container_data")]), "tls_ciphers": .string("AES"),
            "client_authentication": .string("MANDATORY"), "client_ca_tls_container_data": .string(authorities),
            "alpn_protocols": .array([.string("h2")]), "tls_versions": .array([.string("TLSv1.3")]),
        ]
        if let value, !field.contains(".") {
            members[field] =
                ["tls_versions", "alpn_protocols"].contains(field) ? .array([.string(value)]) : .string(value)
        }
        return JSONFragment.object([
            .init("hpcs_action", .string("UPDATE")),
            .init("loadbalancers", .array([.object(members.map { .init($0.key, $0.value) })])),
        ]).json
    }

    private static func decode(_ message: [UInt8]) -> LoadBalancerSet? {
        guard let document = try? JSONDocument(message),
            let decoded = try? Message(document, certificates: OpenSSLCertificateReader()),
            case .update(let set) = decoded.action
        else { return nil }
        return set
    }

    private static func text(_ set: LoadBalancerSet) throws -> String {
        let facts = DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: nil)
        let configuration = try HAProxyConfiguration(["max_connections": 100], stateDirectory: "/tmp/x")
        return HAProxyRenderer(configuration, facts).render(set, isSuspended: false).text
    }
}
