// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCertificates
import TestServers
import Testing

@testable import SteelyardWorker

/// Files that `gearman.tls` may name, and the error about an unusable one.
@Suite(Requirement.openssl.trait) struct TLSContextTests {
    @Test func acceptsWhatIsComplete() async throws {
        try await withTLSFixture { fixture in
            let rsa = try await fixture.authority.issue("rsa", usage: .client, keyType: "RSA")
            let chained = try await fixture.authority.intermediate("middle").issue("chained", usage: .client)
            for identity in [nil, fixture.client, rsa, chained] {
                _ = try TLSContext(fixture.settings(identity))
            }
            _ = try TLSContext(TLSSettings(serverName: "gearman.example.com"))
        }
    }

    @Test(arguments: ["gearman.tls.ca", "gearman.tls.certificate", "gearman.tls.key"])
    func namesTheFile(_ key: String) async throws {
        try await withTLSFixture { fixture in
            let text = fixture.folder.appending(path: "text.pem")
            try "-----BEGIN CERTIFICATE-----\nAAAA\n".write(to: text, atomically: true, encoding: .utf8)
            let empty = fixture.folder.appending(path: "empty.pem")
            try "".write(to: empty, atomically: true, encoding: .utf8)
            let rows = [
                ("/nonexistent/file.pem", "cannot be read: No such file or directory"),
                (fixture.folder.path, "is not a regular file"),
                ("/dev/zero", "is not a regular file"), (text.path, "in PEM form"),
            ]
            for (path, reason) in rows {
                var settings = fixture.settings
                switch key {
                case "gearman.tls.ca": settings.ca = path
                case "gearman.tls.key": settings.key = path
                default: settings.certificate = path
                }
                let error = Self.error(settings)
                #expect(error?.code == .unusableFile)
                #expect(error?.key == key)
                #expect(error?.description.hasPrefix("\(key) \(path) ") == true)
                #expect(error?.problem.contains(reason) == true, "\(error?.description ?? "accepted")")
            }
        }
    }

    /// OpenSSL would prompt for the passphrase on the terminal and wait.
    @Test(arguments: [true, false])
    func rejectsAnEncryptedKey(isTraditional: Bool) async throws {
        try await withTLSFixture { fixture in
            var settings = fixture.settings
            let key = try await TestCertificates.encrypted(fixture.client.key, isTraditional: isTraditional)
            settings.key = key
            let error = Self.error(settings)
            #expect(error?.key == "gearman.tls.key")
            #expect(error?.problem.hasPrefix("\(key) is encrypted") == true, "\(error?.description ?? "accepted")")
        }
    }

    @Test(arguments: ["EC", "RSA"])
    func rejectsAnotherKey(_ keyType: String) async throws {
        try await withTLSFixture { fixture in
            let other = try await fixture.authority.issue("other", usage: .client, keyType: keyType)
            var settings = fixture.settings
            settings.key = other.key
            let error = Self.error(settings)
            #expect(error?.key == "gearman.tls.key")
            #expect(
                error?.problem == "\(other.key) is not the key of the certificate in \(fixture.client.certificate)"
            )
        }
    }

    @Test func rejectsAnExpiredCertificate() async throws {
        try await withTLSFixture { fixture in
            let old = try await fixture.authority.issue("old", usage: .client, validity: .expired)
            let error = Self.error(fixture.settings(old))
            #expect(error?.key == "gearman.tls.certificate")
            #expect(error?.problem.contains("expired at 2021-01-01 00:00:00 UTC") == true)
            // The clock of a device may be slow; the server decides.
            let early = try await fixture.authority.issue("early", usage: .client, validity: .future)
            #expect(Self.error(fixture.settings(early)) == nil)
        }
    }

    @Test func rejectsHalfAnIdentity() {
        #expect(Self.error(TLSSettings(certificate: "/a.pem"))?.key == "gearman.tls.key")
        #expect(Self.error(TLSSettings(key: "/a.key"))?.key == "gearman.tls.certificate")
    }

    /// The error of a context; OpenSSL's error queue must be empty then, or it would explain the thread's next failure.
    private static func error(_ settings: TLSSettings) -> TLSError? {
        let nothing = OpenSSLErrors.drain().reason
        do {
            _ = try TLSContext(settings)
            #expect(OpenSSLErrors.drain().reason == nothing)
            return nil
        } catch {
            #expect(OpenSSLErrors.drain().reason == nothing)
            return error
        }
    }

    /// During a rotation, the old files remain in use; the new ones are loaded automatically.
    @Test func sourceKeepsTheLastGoodFiles() async throws {
        try await withTLSFixture { fixture in
            let source = TLSContextSource(fixture.settings)
            let first = try source.context()
            let key = try Data(contentsOf: URL(fileURLWithPath: fixture.client.key))
            try Data("-----BEGIN".utf8).write(to: URL(fileURLWithPath: fixture.client.key))
            #expect(try source.context() === first)
            #expect(throws: TLSError.self) { try TLSContextSource(fixture.settings).context() }
            try key.write(to: URL(fileURLWithPath: fixture.client.key))
            #expect(try source.context() !== first)
        }
    }
}
