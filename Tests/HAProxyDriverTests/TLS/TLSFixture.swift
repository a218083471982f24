// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCertificates
import TestServers

@testable import HAProxyDriver
@testable import SteelyardCore

/// A certificate authority, and the containers and clients of a test of TLS.
struct TLSFixture: Sendable {
    let folder: URL
    let authority: TestCertificates

    /// Issues a certificate and reads it as a message's container.
    ///
    /// - Parameters:
    ///   - id: The container's id.
    ///   - hosts: The names of the certificate; by default, one made from the id.
    func container(_ id: String, for hosts: [String] = [], keyType: String = "EC") async throws -> CertificateContainer
    {
        let name = id + "-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let names = hosts.isEmpty ? ["\(id).example.com"] : hosts
        return try Self.read(id, await authority.issue(name, for: names, keyType: keyType))
    }

    static func read(_ id: String, _ identity: TestCertificates.Identity) throws -> CertificateContainer {
        try OpenSSLCertificateReader().container(
            Identifier(id),
            CertificateSource(
                certificate: String(contentsOfFile: identity.certificate, encoding: .utf8),
                intermediates: [],
                privateKey: SecretText(String(contentsOfFile: identity.key, encoding: .utf8)),
                passphrase: nil
            )
        )
    }

    static func authorities(_ certificates: TestCertificates) throws -> TrustFile {
        try OpenSSLCertificateReader().authorities(String(contentsOfFile: certificates.ca, encoding: .utf8))
    }

    func client(_ device: DeviceUnderTest) -> OpenSSLClient {
        OpenSSLClient(port: device.httpPort, ca: authority.ca)
    }

    /// Runs curl.
    ///
    /// - Returns: Its standard output.
    func curl(_ device: DeviceUnderTest, host: String, path: String, _ options: String...) async throws -> String {
        try await curl(device, host: host, path: path, options)
    }

    func curl(_ device: DeviceUnderTest, host: String, path: String, _ options: [String]) async throws -> String {
        let address = "\(host):\(device.httpPort)"
        let output = try await Command.run(
            "/usr/bin/curl",
            ["-sS", "--cacert", authority.ca, "--resolve", "\(address):127.0.0.1"] + options
                + ["https://\(address)\(path)"]
        )
        return String(decoding: output, as: UTF8.self)
    }
}

/// Runs a test with a new device and a certificate authority.
func withTLSDevice<Success>(
    log: URL? = nil,
    _ body: (DeviceUnderTest, TLSFixture) async throws -> Success
) async throws -> Success {
    // Not in the device's folder, whose processes are ended by its name.
    try await withTemporaryFolder { folder in
        let authority = try await TestCertificates(in: folder)
        return try await withDevice(log: log) { device in
            try await body(device, TLSFixture(folder: folder, authority: authority))
        }
    }
}

extension DeviceUnderTest {
    /// A load balancer that decrypts TLS, on the port for HTTP.
    func https(
        _ nodes: [Node],
        _ tls: ListenerTLS,
        options: ConnectionOptions = .standard
    ) throws -> LoadBalancer {
        try LoadBalancer(
            protocol: .terminatedHTTPS,
            address: IPAddress("127.0.0.1"),
            port: Port(httpPort),
            options: options,
            nodes: nodes,
            tls: tls
        )
    }

    /// The files of the folder for keys, by name.
    func keyFiles() -> [String: String] {
        let folder = self.folder.appending(path: "tls")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return Dictionary(
            uniqueKeysWithValues: names.map { name in
                (name, (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? "")
            }
        )
    }
}

extension CertificateContainer {
    /// The certificate as a client prints it.
    var shown: String? { content?.certificate.trimmingCharacters(in: .whitespacesAndNewlines) }
}
