// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Changes of client authorities alternate with those of certificates in one HAProxy.
///
/// HAProxy 2.6 crashes if both change in one worker while it runs: authorities change by a reload.
@Suite(Requirement.haproxy.trait, Requirement.openssl.trait)
struct AuthorityChangeTests {
    @Test
    func haproxySurvivesThem() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            var containers: [CertificateContainer] = []
            var clients: [TestCertificates] = []
            var callers: [TestCertificates.Identity] = []
            for number in 0..<2 {
                containers.append(try await fixture.container("standard"))
                clients.append(try await TestCertificates(in: fixture.folder, name: "clients-\(number)"))
                callers.append(try await clients[number].issue("caller", usage: .client))
            }
            let trusts = try clients.map {
                ClientAuthentication.Trust(authorities: try TLSFixture.authorities($0), revocations: nil)
            }
            var reloads: Int?
            var master: Int32?
            for round in 0..<20 {
                // Even rounds change the authority, odd ones the certificate.
                let (container, side) = ((round + 1) / 2 % 2, round / 2 % 2)
                let tls = try ListenerTLS(
                    certificate: containers[container],
                    clientAuthentication: .mandatory(trusts[side])
                )
                try await device.driver.apply(LoadBalancerSet([device.https([.local("1", node.port)], tls)]))
                let processes = try #require(try await device.processes())
                if let master { #expect(processes.master == master) }
                master = processes.master
                if let reloads { #expect(processes.reloads == reloads + (round % 2 == 0 ? 1 : 0), "round \(round)") }
                reloads = processes.reloads
                for (index, caller) in callers.enumerated() {
                    let options = ["-cert", caller.certificate, "-key", caller.key]
                    let result = try await fixture.client(device).connect(to: nil, options)
                    #expect(result.certificate == containers[container].shown, "round \(round)")
                    #expect((result.status == 200) == (index == side), "round \(round)")
                }
            }
        }
    }
}
