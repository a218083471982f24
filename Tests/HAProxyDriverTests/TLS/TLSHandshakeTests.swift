// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCertificates
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Handshakes of real clients with a TLS listener.
@Suite(Requirement.haproxy.trait, Requirement.openssl.trait)
struct TLSHandshakeTests {
    @Test
    func theHostChoosesTheCertificate() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let standard = try await fixture.container("standard")
            let exact = try await fixture.container("exact", for: ["one.example.com", "two.example.com"])
            let wildcard = try await fixture.container("wildcard", for: ["*.wild.example.com"])
            let tls = try ListenerTLS(certificate: standard, hostCertificates: [exact, wildcard])
            try await device.driver.apply(LoadBalancerSet([device.https([.local("1", node.port)], tls)]))
            let expected: [(String?, CertificateContainer)] = [
                (nil, standard), ("standard.example.com", standard), ("unknown.example.com", standard),
                ("one.example.com", exact), ("two.example.com", exact), ("ONE.example.com", exact),
                ("a.wild.example.com", wildcard), ("a.b.wild.example.com", standard),
                ("wild.example.com", standard),
            ]
            for (host, container) in expected {
                let result = try await fixture.client(device).connect(to: host)
                #expect(result.certificate == container.shown, "\(host ?? "no host")")
                #expect(result.status == 200, "\(host ?? "no host")")
                let isNamed =
                    host != nil && host?.hasPrefix("unknown") == false
                    && !(host?.hasSuffix("wild.example.com") == true && container == standard)
                if isNamed { #expect(result.isVerified, "\(host ?? "")") }
            }
        }
    }

    @Test
    func onlyTheVersionsOfTheMessageAreSpoken() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let container = try await fixture.container("standard")
            let all: [(TLSVersion, [String])] = [
                (.tls10, ["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"]),
                (.tls11, ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]), (.tls12, ["-tls1_2"]), (.tls13, ["-tls1_3"]),
            ]
            for versions in [.tls12 ... .tls13, .tls13 ... .tls13, .tls12 ... .tls12, .tls10 ... .tls11]
                as [ClosedRange<TLSVersion>]
            {
                let tls = try ListenerTLS(certificate: container, versions: versions)
                try await device.driver.apply(LoadBalancerSet([device.https([.local("1", node.port)], tls)]))
                for (version, options) in all {
                    let result = try await fixture.client(device).connect(options)
                    #expect(result.isConnected == versions.contains(version), "\(version) of \(versions)")
                    guard versions.contains(version) else { continue }
                    #expect(result.status == 200)
                    if version >= .tls12 { #expect(result.version == version.rawValue) }
                }
            }
        }
    }

    @Test
    func onlyTheCiphersOfTheMessageAreSpoken() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let container = try await fixture.container("standard")
            func serve(_ ciphers: TLSCiphers?) async throws {
                let tls = try ListenerTLS(certificate: container, ciphers: ciphers)
                try await device.driver.apply(LoadBalancerSet([device.https([.local("1", node.port)], tls)]))
            }
            try await serve(nil)
            // No forward secrecy, or no authenticated encryption.
            for weak in ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"] {
                let result = try await fixture.client(device).connect(["-tls1_2", "-cipher", weak])
                #expect(!result.isConnected, "\(weak)")
            }
            try await serve(TLSCiphers("ECDHE-ECDSA-AES256-GCM-SHA384"))
            #expect(try await fixture.client(device).connect(["-tls1_2"]).cipher == "ECDHE-ECDSA-AES256-GCM-SHA384")
            let other = ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]
            #expect(try await !fixture.client(device).connect(other).isConnected)
        }
    }

    @Test
    func alpnChoosesTheProtocol() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let container = try await fixture.container("standard")
            let offers: [([ALPNProtocol], [String: String?])] = [
                (ALPNProtocol.standard, ["h2,http/1.1": "h2", "http/1.1": "http/1.1", "http/1.1,h2": "h2"]),
                ([.http11], ["h2,http/1.1": "http/1.1", "h2": nil]),
                ([.http2], ["h2": "h2"]),
                ([], ["h2": nil, "http/1.1": "http/1.1"]),
            ]
            for (offered, answers) in offers {
                let tls = try ListenerTLS(certificate: container, alpnProtocols: offered)
                try await device.driver.apply(LoadBalancerSet([device.https([.local("1", node.port)], tls)]))
                for (wanted, chosen) in answers {
                    let result = try await fixture.client(device).connect(["-alpn", wanted])
                    #expect(result.alpn == chosen, "\(wanted) of \(offered)")
                }
                #expect(try await fixture.client(device).connect().status == 200, "without ALPN, \(offered)")
            }
        }
    }

    // MARK: - Client certificates

    /// The client, and whether NONE, OPTIONAL and MANDATORY serve it.
    private typealias Caller = (name: String, identity: TestCertificates.Identity?, served: [Bool])

    @Test
    func clientsPresentCertificates() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let container = try await fixture.container("standard")
            let clients = try await TestCertificates(in: fixture.folder, name: "clients")
            let strangers = try await TestCertificates(in: fixture.folder, name: "strangers")
            let good = try await clients.issue("good", usage: .client)
            let revoked = try await clients.issue("revoked", usage: .client)
            let wrong = try await strangers.issue("wrong", usage: .client)
            let expired = try await clients.issue("expired", usage: .client, validity: .expired)
            let reader = OpenSSLCertificateReader()
            let authorities = try reader.authorities(String(contentsOfFile: clients.ca, encoding: .utf8))
            let list = try await clients.revocationList(revoking: [revoked])
            let trust = ClientAuthentication.Trust(
                authorities: authorities,
                revocations: try reader.revocations(list, of: authorities)
            )
            let callers: [Caller] = [
                ("good", good, [true, true, true]), ("none", nil, [true, true, false]),
                ("wrong", wrong, [true, false, false]), ("revoked", revoked, [true, false, false]),
                ("expired", expired, [true, false, false]),
            ]
            for (index, choice) in [ClientAuthentication.none, .optional(trust), .mandatory(trust)].enumerated() {
                let tls = try ListenerTLS(certificate: container, clientAuthentication: choice)
                try await device.driver.apply(LoadBalancerSet([device.https([.local("1", node.port)], tls)]))
                for caller in callers {
                    let certificate = caller.identity.map { ["-cert", $0.certificate, "-key", $0.key] } ?? []
                    for version in ["-tls1_2", "-tls1_3"] {
                        let result = try await fixture.client(device).connect([version] + certificate)
                        #expect(
                            (result.status == 200) == caller.served[index],
                            "\(caller.name) \(version) \(choice.choice.rawValue)"
                        )
                    }
                }
            }
            // Without a list, the revoked one is as good as any.
            let loose = ClientAuthentication.Trust(authorities: authorities, revocations: nil)
            let tls = try ListenerTLS(certificate: container, clientAuthentication: .mandatory(loose))
            try await device.driver.apply(LoadBalancerSet([device.https([.local("1", node.port)], tls)]))
            let options = ["-cert", revoked.certificate, "-key", revoked.key]
            #expect(try await fixture.client(device).connect(options).status == 200)
        }
    }
}

extension OpenSSLClient {
    fileprivate func connect(_ options: [String]) async throws -> Result { try await connect(to: nil, options) }
}
