// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Many load balancers with TLS: each shows its own certificates.
@Suite(Requirement.haproxy.trait, Requirement.openssl.trait)
struct ManyTLSTests {
    /// Containers of two load balancers may have one id, and ids may look like parts of file names.
    @Test
    func eachShowsItsOwnCertificates() async throws {
        try await withTLSDevice { device, fixture in
            let ids = ["a", "a-in.host.x", "b.default", "a-in"]
            let ports = try ids.map { _ in try FreePort.next() }
            var standards: [CertificateContainer] = []
            var hosts: [CertificateContainer] = []
            for _ in ids {
                standards.append(try await fixture.container("standard"))
                hosts.append(try await fixture.container("x-in.default", for: ["host.example.com"]))
            }
            func set() throws -> LoadBalancerSet {
                try LoadBalancerSet(
                    ids.enumerated().map { index, id in
                        try device.named(
                            id,
                            .terminatedHTTPS,
                            port: ports[index],
                            [],
                            tls: ListenerTLS(certificate: standards[index], hostCertificates: [hosts[index]])
                        )
                    }
                )
            }
            func expectShown(_ round: String) async throws {
                for (index, port) in ports.enumerated() {
                    let client = OpenSSLClient(port: port, ca: fixture.authority.ca)
                    let standard = try await client.connect(to: "standard.example.com").certificate
                    #expect(standard == standards[index].shown, "\(ids[index]) \(round)")
                    let host = try await client.connect(to: "host.example.com").certificate
                    #expect(host == hosts[index].shown, "\(ids[index]) \(round)")
                }
            }
            try await device.driver.apply(set())
            try await expectShown("at first")
            // One changes at a time, without a reload.
            for index in ids.indices {
                standards[index] = try await fixture.container("standard")
                hosts[index] = try await fixture.container("x-in.default", for: ["host.example.com"])
                try await device.driver.apply(set())
                try await expectShown("after \(ids[index])")
            }
            #expect(try await device.processes()?.reloads == 0)
            let owners = await device.driver.certificates().map { $0.loadBalancer?.description }
            #expect(owners == ids.flatMap { [$0, $0] })
            // What belongs to none is removed.
            try await device.driver.apply(LoadBalancerSet([device.named("a", port: ports[0], [])]))
            #expect(device.keyFiles() == [:])
        }
    }
}
