// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Certificates that are replaced, added and removed while HAProxy runs.
@Suite(Requirement.haproxy.trait, Requirement.openssl.trait)
struct RotationTests {
    /// Each curl repeats complete handshakes, verifies the certificate and its name, and reports every failure.
    @Test
    func noHandshakeFailsDuringRotations() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            var standards: [CertificateContainer] = []
            var hosts: [CertificateContainer] = []
            for _ in 0..<2 {
                standards.append(try await fixture.container("standard"))
                hosts.append(try await fixture.container("host"))
            }
            let extra = try await fixture.container("extra")
            func set(_ round: Int) throws -> LoadBalancerSet {
                let tls = try ListenerTLS(
                    certificate: standards[round % 2],
                    hostCertificates: [hosts[round / 2 % 2]] + (round % 3 == 0 ? [] : [extra])
                )
                return try LoadBalancerSet([device.https([.local("1", node.port)], tls)])
            }
            try await device.driver.apply(set(0))
            let before = try await device.processes()
            let clients = [
                try await fixture.startHandshakes(device, "standard.example.com"),
                try await fixture.startHandshakes(device, "host.example.com"),
            ]
            do {
                for round in 1...30 {
                    try await device.driver.apply(set(round))
                    let shown = try await fixture.client(device).connect(to: "host.example.com").certificate
                    #expect(shown == hosts[round / 2 % 2].shown, "round \(round)")
                    let other = try await fixture.client(device).connect(to: "extra.example.com").certificate
                    #expect(other == (round % 3 == 0 ? standards[round % 2] : extra).shown, "round \(round)")
                }
                for client in clients {
                    let count = client.lines.count
                    try await eventually("clients continue") { client.lines.count > count + 3 }
                }
                for client in clients { await client.stop() }
            } catch {
                for client in clients { await client.stop() }
                throw error
            }
            for client in clients {
                #expect(client.lines.count > 30)
                #expect(client.lines.filter { $0 != "0 200" } == [])
            }
            let after = try await device.processes()
            #expect(after?.worker == before?.worker)
            #expect(after?.reloads == 0)
            #expect(try await device.command("show ssl cert").contains("*") == false, "no transaction is left open")
            // The list, three slots at most, and their contents.
            #expect(device.keyFiles().count == 5, "\(device.keyFiles().keys.sorted())")
        }
    }

    @Test
    func manyHostsComeAndGoAtOnce() async throws {
        try await withTLSDevice { device, fixture in
            let standard = try await fixture.container("standard")
            var hosts: [CertificateContainer] = []
            for number in 0..<12 { hosts.append(try await fixture.container("h\(number)")) }
            for range in [0..<0, 0..<12, 6..<7, 3..<9, 0..<0] {
                let tls = try ListenerTLS(certificate: standard, hostCertificates: Array(hosts[range]))
                try await device.driver.apply(LoadBalancerSet([device.https([], tls)]))
                for (number, host) in hosts.enumerated() {
                    let shown = try await fixture.client(device).connect(to: "h\(number).example.com").certificate
                    #expect(shown == (range.contains(number) ? host : standard).shown, "h\(number) of \(range)")
                }
            }
            #expect(try await device.processes()?.reloads == 0)
        }
    }

    /// Octavia gives a renewed certificate a container with another id.
    @Test
    func aRenewedCertificateCanHaveAnotherContainer() async throws {
        try await withTLSDevice { device, fixture in
            let standard = try await fixture.container("standard")
            for round in 0..<4 {
                let host = try await fixture.container("renewed\(round)", for: ["host.example.com"])
                let tls = try ListenerTLS(certificate: standard, hostCertificates: [host])
                try await device.driver.apply(LoadBalancerSet([device.https([], tls)]))
                let shown = try await fixture.client(device).connect(to: "host.example.com").certificate
                #expect(shown == host.shown, "round \(round)")
            }
            #expect(try await device.processes()?.reloads == 0)
        }
    }

    /// HAProxy cuts off a command of more than 16,384 bytes without an answer.
    @Test
    func aLongCertificateNeedsAReload() async throws {
        try await withTLSDevice { device, fixture in
            let short = try await fixture.container("standard")
            let names = (0..<700).map { "name-\($0).long.example.com" }
            let long = try await fixture.container("standard", for: names)
            #expect((long.content?.pem.secret.utf8.count ?? 0) > 16_384)
            for (container, reloads) in [(short, 0), (long, 1), (short, 1)] {
                let tls = try ListenerTLS(certificate: container)
                try await device.driver.apply(LoadBalancerSet([device.https([], tls)]))
                #expect(try await fixture.client(device).connect(to: nil).certificate == container.shown)
                #expect(try await device.processes()?.reloads == reloads)
            }
        }
    }

    /// The longest certificates that are still sent as a command, of each size around HAProxy's limit.
    @Test
    func aCertificateNearTheLimitIsTakenWhole() async throws {
        try await withTLSDevice { device, fixture in
            let short = try await fixture.container("standard")
            let tls = try ListenerTLS(certificate: short)
            try await device.driver.apply(LoadBalancerSet([device.https([], tls)]))
            for count in [375, 385, 395, 405] {
                let names = (0..<count).map { "name-\($0).long.example.com" }
                let long = try await fixture.container("standard", for: names)
                let tls = try ListenerTLS(certificate: long)
                try await device.driver.apply(LoadBalancerSet([device.https([], tls)]))
                #expect(try await fixture.client(device).connect(to: nil).certificate == long.shown)
                let isShort = (long.content?.pem.secret.utf8.count ?? 0) <= CertificateChange.mostBytes
                #expect(try await device.processes()?.reloads == (isShort ? 0 : 1), "\(count)")
                if !isShort { break }
            }
        }
    }

    @Test
    func aFailedUpdateLeavesTheOldCertificate() async throws {
        try await withTLSDevice { device, fixture in
            let old = try await fixture.container("standard")
            let new = try await fixture.container("standard")
            let set = try LoadBalancerSet([device.https([], ListenerTLS(certificate: old))])
            try await device.driver.apply(set)
            let files = device.keyFiles()
            let state = try String(contentsOfFile: device.file("state.json"), encoding: .utf8)
            let before = try await device.processes()
            let bad = try ListenerTLS(certificate: new, hostCertificates: [new], ciphers: TLSCiphers("NOSUCH"))
            let error = await #expect(throws: DriverError.self) {
                try await device.driver.apply(LoadBalancerSet([device.https([], bad)]))
            }
            #expect(error?.code == .rejected, "\(String(describing: error))")
            #expect(try await fixture.client(device).connect(to: nil).certificate == old.shown)
            #expect(device.keyFiles() == files)
            #expect(try String(contentsOfFile: device.file("state.json"), encoding: .utf8) == state)
            #expect(try await device.processes() == before)
            // A preview stores nothing, and changes nothing.
            let good = try LoadBalancerSet([device.https([], ListenerTLS(certificate: new))])
            let preview = try await device.driver.preview(.apply(good))
            #expect(preview.contains(new.sha256.description))
            #expect(device.keyFiles() == files)
            _ = await #expect(throws: DriverError.self) {
                _ = try await device.driver.preview(.apply(LoadBalancerSet([device.https([], bad)])))
            }
            #expect(device.keyFiles() == files)
        }
    }

    @Test
    func aSuspendedDeviceGetsANewCertificate() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let containers = [try await fixture.container("standard"), try await fixture.container("standard")]
            let host = try await fixture.container("host")
            func set(_ container: CertificateContainer, _ hosts: [CertificateContainer] = []) throws -> LoadBalancerSet
            {
                let tls = try ListenerTLS(certificate: container, hostCertificates: hosts)
                return try LoadBalancerSet([device.https([.local("1", node.port)], tls)])
            }
            try await device.driver.apply(set(containers[0]))
            try await device.driver.suspend()
            #expect(try await !LoopbackSocket.accepts(device.httpPort))
            try await device.driver.apply(set(containers[1], [host]))
            #expect(try await !LoopbackSocket.accepts(device.httpPort))
            try await device.driver.enable()
            #expect(try await fixture.client(device).connect(to: nil).certificate == containers[1].shown)
            #expect(try await fixture.client(device).connect(to: "host.example.com").certificate == host.shown)
            #expect(try await device.processes()?.reloads == 0)
            try await device.driver.suspend()
            try await device.driver.enable()
            #expect(try await fixture.client(device).connect(to: nil).status == 200)
        }
    }

    @Test
    func aReferenceIsTheCertificateThatTheDeviceHas() async throws {
        try await withTLSDevice { device, fixture in
            func reference(_ container: CertificateContainer, id: String? = nil) throws -> CertificateContainer {
                CertificateContainer(
                    id: try id.map { text throws(InvalidValue) in try Identifier(text) } ?? container.id,
                    sha256: container.sha256,
                    digest: nil,
                    content: nil
                )
            }
            func set(_ container: CertificateContainer, _ hosts: CertificateContainer...) throws -> LoadBalancerSet {
                try LoadBalancerSet([device.https([], ListenerTLS(certificate: container, hostCertificates: hosts))])
            }
            let known = try await fixture.container("known")
            let host = try await fixture.container("host")
            let never = try await fixture.container("never")
            // A device without any configuration knows none.
            let first = await #expect(throws: DriverError.self) { try await device.driver.apply(set(reference(known))) }
            #expect(first?.code == .keyRequired)
            #expect(first?.field == LoadBalancerField(loadBalancer: 0, name: "default_tls_container_data"))
            try await device.driver.apply(set(known, host))
            let files = device.keyFiles()
            for (unknown, field) in [
                (try set(reference(never)), "default_tls_container_data"),
                (try set(reference(known, id: "other")), "default_tls_container_data"),
                (try set(known, reference(host), reference(never)), "sni_container_data[1]"),
            ] {
                let error = await #expect(throws: DriverError.self) { try await device.driver.apply(unknown) }
                #expect(error?.code == .keyRequired)
                #expect(error?.field == LoadBalancerField(loadBalancer: 0, name: field))
                #expect(error?.message.contains("send its certificate and private_key") == true)
                #expect(device.keyFiles() == files)
            }
            // The same, another order, and fewer: none needs a reload, and an agent that was restarted knows them, too.
            try await device.driver.apply(set(reference(known), reference(host)))
            try await device.restarted().apply(set(reference(host), reference(known)))
            #expect(try await fixture.client(device).connect(to: nil).certificate == host.shown)
            #expect(try await fixture.client(device).connect(to: "known.example.com").certificate == known.shown)
            try await device.driver.delete()
        }
    }

    @Test
    func aDeletedDeviceHasNoKey() async throws {
        try await withTLSDevice { device, fixture in
            let tls = try ListenerTLS(
                certificate: await fixture.container("standard"),
                hostCertificates: [await fixture.container("host")]
            )
            try await device.driver.apply(LoadBalancerSet([device.https([], tls)]))
            #expect(device.keyFiles().count == 5)
            let folder = try FileManager.default.attributesOfItem(atPath: device.file("tls"))
            #expect(folder[.posixPermissions] as? Int == 0o700)
            for name in device.keyFiles().keys {
                let file = try FileManager.default.attributesOfItem(atPath: device.file("tls/\(name)"))
                #expect(file[.posixPermissions] as? Int == 0o600, "\(name)")
            }
            try await device.driver.delete()
            #expect(device.keyFiles().isEmpty)
            // A listener that no longer decrypts needs none either.
            try await device.driver.apply(LoadBalancerSet([device.https([], tls)]))
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            #expect(device.keyFiles().isEmpty)
        }
    }
}

extension TLSFixture {
    /// Starts clients that repeat handshakes until they are stopped.
    fileprivate func startHandshakes(_ device: DeviceUnderTest, _ host: String) async throws -> ChildProcess {
        try await ChildProcess.start(
            "/usr/bin/curl",
            [
                "-sS", "--cacert", authority.ca, "--no-sessionid", "-H", "Connection: close", "--http1.1",
                "--resolve", "\(host):\(device.httpPort):127.0.0.1", "-o", "/dev/null",
                "-w", "%{stderr}%{exitcode} %{http_code}\\n", "https://\(host):\(device.httpPort)/[1-1000000]",
            ],
            in: folder,
            name: host
        )
    }
}

extension ChildProcess {
    /// The lines of the error output; the last one may be incomplete.
    fileprivate var lines: [Substring] {
        let text = errorOutput
        return text.prefix { _ in true }.split(separator: "\n").dropLast(text.hasSuffix("\n") ? 0 : 1)
    }
}
