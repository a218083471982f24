// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCertificates
import TestServers
import Testing

@testable import SteelyardCore

/// The TLS fields of an UPDATE.
@Suite(Requirement.openssl.trait)
struct ListenerDecodingTests {
    /// A message's texts, made once.
    struct Texts: Sendable {
        let one: Identity
        let two: Identity
        let authority: String
        let list: String

        init(in folder: URL) async throws {
            let certificates = try await TestCertificates(in: folder)
            one = try Identity(await certificates.issue("one", for: ["one.example.com"]))
            two = try Identity(await certificates.issue("two", for: ["two.example.com"]))
            authority = try String(contentsOfFile: certificates.ca, encoding: .utf8)
            list = try await certificates.revocationList()
        }

        func container(_ identity: Identity, _ others: [String: JSONFragment?] = [:]) -> JSONFragment {
            var members: [String: JSONFragment?] = [
                "id": .string("c"), "certificate": .string(identity.certificate), "private_key": .string(identity.key),
            ]
            for (name, value) in others { members[name] = value }
            return .object(members.compactMap { name, value in value.map { .init(name, $0) } })
        }

        /// A load balancer that decrypts TLS.
        func loadBalancer(_ others: [String: JSONFragment?] = [:]) -> JSONFragment {
            var members: [String: JSONFragment?] = [
                "protocol": .string("TERMINATED_HTTPS"), "nodes": .array([]),
                "default_tls_container_data": container(one),
            ]
            for (name, value) in others { members[name] = value }
            return .object(members.compactMap { name, value in value.map { .init(name, $0) } })
        }
    }

    private static func decode(_ loadBalancers: [JSONFragment]) throws -> LoadBalancerSet {
        let root = JSONFragment.object([
            .init("hpcs_action", .string("UPDATE")), .init("loadbalancers", .array(loadBalancers)),
        ])
        let message = try Message(JSONDocument(root.json), certificates: OpenSSLCertificateReader())
        guard case .update(let set) = message.action else { throw ServerFailure("no UPDATE") }
        return set
    }

    private static func strings(_ texts: String...) -> JSONFragment { .array(texts.map(JSONFragment.string)) }

    @Test
    func defaultsAndEveryField() async throws {
        try await withTemporaryFolder { folder in
            let texts = try await Texts(in: folder)
            let plain = try Self.decode([texts.loadBalancer()]).loadBalancers[0]
            #expect(plain.port.number == 443 && plain.protocol == .terminatedHTTPS)
            let standard = try #require(plain.tls)
            #expect(standard.versions == .tls12 ... .tls13 && standard.alpnProtocols == [.http2, .http11])
            #expect(standard.ciphers == nil && standard.clientAuthentication == .none)
            #expect(standard.strictTransportSecurity == nil && standard.hostCertificates.isEmpty)
            #expect(standard.certificate.id.description == "c" && standard.certificate.content != nil)
            // Fields that are null, or have their defaults.
            let names = [
                "sni_container_data", "tls_versions", "tls_ciphers", "alpn_protocols", "client_authentication",
                "client_ca_tls_container_data", "client_crl_container_data", "hsts_max_age", "hsts_include_subdomains",
                "hsts_preload", "redirect_to_https",
            ]
            let nulls = Dictionary(uniqueKeysWithValues: names.map { ($0, JSONFragment?.some(.null)) })
            #expect(try Self.decode([texts.loadBalancer(nulls)]).loadBalancers[0].tls == standard)

            let full = try Self.decode([
                texts.loadBalancer([
                    "port": .integer(8443),
                    "sni_container_data": .array([
                        texts.container(texts.two, ["id": .string("s")]), texts.container(texts.one, ["id": nil]),
                    ]),
                    "tls_versions": Self.strings("TLSv1.3", "tlsv1.2", "TLSv1.2"),
                    "tls_ciphers": .string("ECDHE+AESGCM:!aNULL:@STRENGTH"),
                    "alpn_protocols": Self.strings("http/1.1", "h2"),
                    "client_authentication": .string("optional"),
                    "client_ca_tls_container_data": .string(texts.authority),
                    "client_crl_container_data": .string(texts.list),
                    "hsts_max_age": .integer(7), "hsts_include_subdomains": .boolean(true),
                    "hsts_preload": .boolean(true),
                ])
            ])
            let tls = try #require(full.loadBalancers[0].tls)
            #expect(tls.hostCertificates.map(\.id.description) == ["s", standard.certificate.sha256.description])
            #expect(tls.versions == .tls12 ... .tls13 && tls.alpnProtocols == [.http11, .http2])
            #expect(tls.ciphers?.description == "ECDHE+AESGCM:!aNULL:@STRENGTH")
            #expect(tls.clientAuthentication.choice == .optional && tls.clientAuthentication.trust?.revocations != nil)
            #expect(
                try tls.strictTransportSecurity
                    == StrictTransportSecurity(maxAge: 7, includesSubdomains: true, isPreloaded: true)
            )

            // A state file has digests only, and is the same.
            let state = full.message
            let text = String(decoding: state, as: UTF8.self)
            #expect(!text.contains("PRIVATE") && !text.contains("BEGIN"))
            for secret in [texts.one.secret, texts.two.secret] { #expect(!text.contains(secret)) }
            #expect(LoadBalancerSet(message: state) == full)
            let known = try #require(LoadBalancerSet(message: state)?.loadBalancers[0].tls)
            #expect(known.containers.allSatisfy { $0.content == nil && $0.digest != nil })
            // None of the types prints the key either.
            var dumped = ""
            dump(full, to: &dumped)
            for secret in [texts.one.secret, texts.two.secret] {
                #expect(!dumped.contains(secret) && !String(reflecting: full).contains(secret))
            }
        }
    }

    @Test
    func listenersThatShareADevice() async throws {
        try await withTemporaryFolder { folder in
            let texts = try await Texts(in: folder)
            func plain(_ name: String, _ port: Int? = nil) -> JSONFragment {
                .object(
                    [.init("protocol", .string(name)), .init("nodes", .array([]))]
                        + (port.map { [.init("port", .integer(Int64($0)))] } ?? [])
                )
            }
            let https = try Self.decode([plain("HTTPS")])
            #expect(https.loadBalancers[0].port.number == 443 && https.loadBalancers[0].tls == nil)
            _ = try Self.decode([texts.loadBalancer(), plain("TCP", 25)])
            _ = try Self.decode([texts.loadBalancer(), plain("HTTPS", 8443)])
            _ = try Self.decode([plain("HTTPS"), plain("HTTP")])
            let refused: [([JSONFragment], String)] = [
                ([texts.loadBalancer(), plain("HTTPS")], "loadbalancers[1].port is 443, the same as [0]"),
                ([texts.loadBalancer(), plain("HTTP")], "not TERMINATED_HTTPS and HTTP"),
                ([plain("HTTPS"), plain("TCP", 25)], "not HTTPS and TCP"),
                ([texts.loadBalancer(), plain("GALERA", 25)], "not TERMINATED_HTTPS and GALERA"),
                (
                    [texts.loadBalancer(), texts.loadBalancer(["port": .integer(1)])],
                    "not TERMINATED_HTTPS and TERMINATED_HTTPS"
                ),
            ]
            for (list, text) in refused {
                let error = #expect(throws: MessageError.self) { try Self.decode(list) }
                #expect("\(try #require(error))".contains(text), "\(String(describing: error))")
            }
        }
    }

    @Test
    func referencesNeedAnIdAndADigest() async throws {
        try await withTemporaryFolder { folder in
            let texts = try await Texts(in: folder)
            let sha256 = try #require(try Self.decode([texts.loadBalancer()]).loadBalancers[0].tls?.certificate.sha256)
            var colons = sha256.description.uppercased()
            for place in stride(from: 62, to: 0, by: -2) {
                colons.insert(":", at: colons.index(colons.startIndex, offsetBy: place))
            }
            for digest in [sha256.description, colons] {
                let reference = JSONFragment.object([.init("id", .string("c")), .init("sha256", .string(digest))])
                let set = try Self.decode([texts.loadBalancer(["default_tls_container_data": reference])])
                let container = try #require(set.loadBalancers[0].tls?.certificate)
                #expect(container.sha256 == sha256 && container.content == nil && container.digest == nil)
            }
            // A message cannot name the file, only a state file can.
            let named = JSONFragment.object([
                .init("id", .string("c")), .init("sha256", .string(sha256.description)),
                .init("file_sha256", .string(sha256.description)),
            ])
            let set = try Self.decode([texts.loadBalancer(["default_tls_container_data": named])])
            #expect(set.loadBalancers[0].tls?.certificate.digest == nil)
        }
    }

    @Test
    func wrongFieldsAreNamed() async throws {
        try await withTemporaryFolder { folder in
            let texts = try await Texts(in: folder)
            let good = texts.container(texts.one)
            let (standard, sni) = ("default_tls_container_data", "sni_container_data")
            func wrong(_ others: [String: JSONFragment?]) -> JSONFragment { texts.container(texts.one, others) }
            let clients: [String: JSONFragment?] = [
                "client_authentication": .string("MANDATORY"), "client_ca_tls_container_data": .string(texts.authority),
            ]
            let other = JSONFragment.string(texts.two.key)
            /// - Parameters:
            ///   - members: Those instead of a valid load balancer's.
            ///   - path: Relative to the load balancer.
            func refuse(_ members: [String: JSONFragment?], _ path: String, _ problem: String) throws {
                let error = #expect(throws: MessageError.self, "\(path)") {
                    try Self.decode([texts.loadBalancer(members)])
                }
                let text = error.map { "\($0)" } ?? ""
                #expect(text.hasPrefix("loadbalancers[0].\(path) ") && text.contains(problem), "\(text)")
                for secret in [texts.one.secret, texts.two.secret] { #expect(!text.contains(secret), "\(text)") }
            }
            try refuse([standard: nil], standard, "is missing; a TERMINATED_HTTPS load balancer needs a certificate")
            try refuse([standard: .null], standard, "is missing")
            try refuse([standard: .string("c")], standard, "must be an object, not a string")
            try refuse([standard: .array([good])], standard, "must be an object, not a list")
            try refuse([standard: .object([])], "\(standard).private_key", "is missing; without it, id and sha256")
            try refuse([standard: wrong(["private_key": nil])], "\(standard).private_key", "is missing")
            try refuse([standard: wrong(["private_key": .null])], "\(standard).private_key", "is missing")
            try refuse(
                [standard: wrong(["private_key": .array([other])])],
                "\(standard).private_key",
                "must be a string"
            )
            try refuse(
                [standard: wrong(["private_key": .object([.init("a", other)])])],
                "\(standard).private_key",
                "must be a string"
            )
            try refuse(
                [standard: wrong(["private_key": other])],
                "\(standard).private_key",
                "does not match the certificate"
            )
            try refuse([standard: wrong(["certificate": nil])], "\(standard).certificate", "is missing")
            try refuse(
                [standard: wrong(["certificate": other])],
                "\(standard).certificate",
                "has no certificate in PEM"
            )
            try refuse(
                [standard: wrong(["intermediates": .string("x")])],
                "\(standard).intermediates",
                "must be a list"
            )
            try refuse(
                [standard: wrong(["intermediates": .array([.null])])],
                "\(standard).intermediates[0]",
                "must be a string"
            )
            try refuse(
                [standard: wrong(["intermediates": .array([other])])],
                "\(standard).intermediates[0]",
                "has no certificate"
            )
            try refuse(
                [standard: wrong(["intermediates": .array(Array(repeating: .string(""), count: 21))])],
                "\(standard).intermediates",
                "has 21 intermediates; the limit is 20"
            )
            try refuse([standard: wrong(["passphrase": .array([])])], "\(standard).passphrase", "must be a string")
            try refuse([standard: wrong(["id": .string("a b")])], "\(standard).id", "must be 1 to 64 letters")
            try refuse(
                [standard: wrong(["sha256": .string("12")])],
                "\(standard).sha256",
                "must be 64 hexadecimal digits"
            )
            try refuse(
                [standard: wrong(["sha256": .string(String(repeating: "0", count: 64))])],
                "\(standard).sha256",
                "is not the SHA-256 of the certificate, "
            )
            try refuse([sni: good], sni, "must be a list, not an object")
            try refuse([sni: .array([good, .null])], "\(sni)[1]", "must be an object, not null")
            try refuse(
                [sni: .array([good, wrong(["id": .string("d"), "private_key": other])])],
                "\(sni)[1].private_key",
                "does not match"
            )
            try refuse([sni: .array([good, good])], "\(sni)[1].id", #"is "c", the same as sni_container_data[0]"#)
            try refuse(["tls_versions": .string("TLSv1.2")], "tls_versions", "must be a list")
            try refuse(["tls_versions": .array([])], "tls_versions", "must name at least one version")
            try refuse(["tls_versions": Self.strings("TLSv1.2", "SSLv3")], "tls_versions[1]", "must be")
            try refuse(["tls_versions": Self.strings("TLSv1.1", "TLSv1.3")], "tls_versions", "but not TLSv1.2")
            try refuse(["tls_versions": .array([.integer(1)])], "tls_versions[0]", "must be a string")
            try refuse(
                ["tls_versions": .array(Array(repeating: .string("TLSv1.2"), count: 11))],
                "tls_versions",
                "the limit is 10"
            )
            try refuse(["tls_ciphers": .string("")], "tls_ciphers", "must have 1 to 2048 characters")
            try refuse(["tls_ciphers": .string("A B")], "tls_ciphers", "may contain only letters")
            try refuse(
                ["tls_ciphers": .string(String(repeating: "A", count: 2049))],
                "tls_ciphers",
                "must have 1 to 2048"
            )
            try refuse(["tls_ciphers": Self.strings("A")], "tls_ciphers", "must be a string")
            try refuse(["alpn_protocols": Self.strings("h2", "h3")], "alpn_protocols[1]", "must be")
            try refuse(["alpn_protocols": .string("h2")], "alpn_protocols", "must be a list")
            try refuse(["client_authentication": .string("YES")], "client_authentication", "must be")
            try refuse(["client_authentication": .boolean(true)], "client_authentication", "must be a string")
            try refuse(
                ["client_authentication": .string("OPTIONAL")],
                "client_ca_tls_container_data",
                "is missing; client_authentication OPTIONAL"
            )
            try refuse(
                ["client_ca_tls_container_data": .string(texts.authority)],
                "client_ca_tls_container_data",
                "needs client_authentication"
            )
            try refuse(
                ["client_crl_container_data": .string(texts.list)],
                "client_crl_container_data",
                "needs client_authentication"
            )
            try refuse(
                clients.merging(["client_ca_tls_container_data": .string(texts.one.certificate)]) { $1 },
                "client_ca_tls_container_data",
                "no certificate authority: one"
            )
            try refuse(
                clients.merging(["client_ca_tls_container_data": other]) { $1 },
                "client_ca_tls_container_data",
                "has no certificate in PEM"
            )
            try refuse(
                clients.merging(["client_ca_tls_container_data": .string(String(repeating: "0", count: 64))]) {
                    $1
                },
                "client_ca_tls_container_data",
                "has no certificate in PEM"
            )
            try refuse(
                clients.merging(["client_crl_container_data": .string(texts.authority)]) { $1 },
                "client_crl_container_data",
                "has no certificate revocation list"
            )
            try refuse(["hsts_max_age": .integer(-1)], "hsts_max_age", "must be")
            try refuse(["hsts_max_age": .integer(1 << 31)], "hsts_max_age", "must be")
            try refuse(["hsts_max_age": .string("x")], "hsts_max_age", "must be")
            try refuse(["hsts_preload": .boolean(true)], "hsts_preload", "needs hsts_max_age")
            try refuse(["hsts_include_subdomains": .boolean(true)], "hsts_include_subdomains", "needs hsts_max_age")
            try refuse(["hsts_include_subdomains": .string("perhaps")], "hsts_include_subdomains", "must be")
            try refuse(["redirect_to_https": .boolean(true)], "redirect_to_https", "needs the protocol HTTP")
        }
    }

    @Test
    func otherProtocolsHaveNoTLS() async throws {
        try await withTemporaryFolder { folder in
            let texts = try await Texts(in: folder)
            let on: [String: JSONFragment?] = [
                "default_tls_container_data": texts.container(texts.one),
                "sni_container_data": .array([texts.container(texts.one)]), "tls_versions": Self.strings("TLSv1.2"),
                "tls_ciphers": .string("A"), "alpn_protocols": Self.strings("h2"),
                "client_authentication": .string("OPTIONAL"), "client_ca_tls_container_data": .string(texts.authority),
                "client_crl_container_data": .string(texts.list), "hsts_max_age": .integer(1),
                "hsts_include_subdomains": .boolean(true), "hsts_preload": .boolean(true),
            ]
            // What control planes send for every listener.
            let off: [String: JSONFragment?] = [
                "default_tls_container_data": nil, "sni_container_data": .array([]), "tls_versions": .array([]),
                "alpn_protocols": .array([]), "client_authentication": .string("NONE"), "hsts_max_age": .null,
                "hsts_include_subdomains": .boolean(false), "hsts_preload": .boolean(false),
            ]
            for name in ["HTTP", "TCP", "HTTPS", "GALERA"] {
                let base: [String: JSONFragment?] = ["protocol": .string(name), "port": .integer(4000)]
                let set = try Self.decode([texts.loadBalancer(base.merging(off) { $1 })])
                #expect(set.loadBalancers[0].tls == nil)
                for (field, value) in on {
                    let members = base.merging(off) { $1 }.merging([field: value]) { $1 }
                    let error = #expect(throws: MessageError.self, "\(name) \(field)") {
                        try Self.decode([texts.loadBalancer(members)])
                    }
                    let text = error.map { "\($0)" } ?? ""
                    #expect(
                        text == "loadbalancers[0].\(field) needs the protocol TERMINATED_HTTPS; the protocol is \(name)"
                    )
                }
                let redirect = base.merging(off) { $1 }.merging(["redirect_to_https": .boolean(true)]) { $1 }
                #expect(((try? Self.decode([texts.loadBalancer(redirect)])) != nil) == (name == "HTTP"))
            }
        }
    }
}
