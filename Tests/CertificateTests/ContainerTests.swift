// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCertificates
import SteelyardCore
import TestServers
import Testing

/// Certificates with chains and keys, right and wrong.
@Suite(Requirement.openssl.trait)
struct ContainerTests {
    @Test
    func keysOfBothKindsAreRead() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await TestCertificates(in: folder)
            for keyType in ["EC", "RSA"] {
                let files = try await authority.issue(
                    "a-\(keyType)",
                    for: ["a.example.com", "192.0.2.1"],
                    keyType: keyType
                )
                let identity = try Identity(files)
                let container = try read(identity.certificate, identity.key).get()
                #expect(container.content?.names == ["a.example.com", "192.0.2.1"])
                #expect(container.content?.lastSecond.description.hasPrefix("2099-01-01 00:00:00") == true)
                // Without an id, the certificate is the id.
                #expect(container.id.description == container.sha256.description)
                let line = try await openssl("x509", "-in", files.certificate, "-noout", "-fingerprint", "-sha256")
                #expect(try line.contains("=") && container.sha256 == SHA256Value(Self.value(line)))
                // The older format of keys is the same key.
                let old = try await openssl("pkey", "-in", files.key, "-traditional")
                #expect(old.contains("BEGIN \(keyType) PRIVATE KEY"))
                #expect(try read(identity.certificate, old).get() == container)
            }
        }
    }

    @Test
    func encryptedKeysNeedTheirPassphrase() async throws {
        try await withTemporaryFolder { folder in
            let files = try await TestCertificates(in: folder).issue("a", for: ["a.example.com"])
            let identity = try Identity(files)
            let plain = try read(identity.certificate, identity.key).get()
            for isTraditional in [false, true] {
                let path = try await TestCertificates.encrypted(files.key, isTraditional: isTraditional)
                let key = try String(contentsOfFile: path, encoding: .utf8)
                #expect(try read(identity.certificate, key, passphrase: "secret").get() == plain)
                #expect(
                    read(identity.certificate, key).refusal == "passphrase is missing; the private key is encrypted"
                )
                for wrong in ["", "Secret", "secret ", String(repeating: "x", count: 5000)] {
                    let refusal = read(identity.certificate, key, passphrase: wrong).refusal
                    #expect(refusal == "passphrase does not decrypt the private key")
                }
            }
            // A passphrase for a key that is not encrypted does no harm.
            #expect(try read(identity.certificate, identity.key, passphrase: "secret").get() == plain)
        }
    }

    /// A key whose passphrase takes minutes to check, and a block that makes OpenSSL ask on the terminal.
    @Test
    func noTextMakesTheAgentWait() async throws {
        try await withTemporaryFolder { folder in
            let files = try await TestCertificates(in: folder).issue("a", for: ["a.example.com"])
            let identity = try Identity(files)
            let slow = folder.appending(path: "slow.pem").path
            for kind in [["-iter", "1000001"], ["-scrypt"]] {
                _ = try await Command.run(
                    #require(Requirement.openssl.path),
                    ["pkcs8", "-topk8", "-in", files.key, "-out", slow, "-passout", "pass:x"] + kind
                )
                let key = try String(contentsOfFile: slow, encoding: .utf8)
                #expect(
                    read(identity.certificate, key, passphrase: "x").refusal.hasPrefix("private_key takes too long")
                )
            }
            let start = "-----BEGIN CERTIFICATE-----\n"
            let header = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n"
            let encrypted = identity.certificate.replacing(start, with: start + header)
            #expect(read(encrypted, identity.key).refusal == "certificate has a corrupt certificate in PEM")
        }
    }

    @Test
    func chainsAreInOrder() async throws {
        try await withTemporaryFolder { folder in
            let root = try await TestCertificates(in: folder)
            let first = try await root.intermediate("first")
            let files = try await first.issue("a", for: ["a.example.com"])
            let identity = try Identity(files)
            // The file has the certificate and its issuer.
            let parts = identity.certificate.components(separatedBy: "-----BEGIN").dropFirst().map { "-----BEGIN" + $0 }
            #expect(parts.count == 2)
            let rootText = try String(contentsOfFile: root.ca, encoding: .utf8)
            let other = try await TestCertificates(in: folder, name: "other")
            let otherText = try String(contentsOfFile: other.ca, encoding: .utf8)
            let chain = try read(parts[0], identity.key, intermediates: [parts[1]]).get()
            #expect(chain.content?.intermediates.count == 1)
            #expect(try read(identity.certificate, identity.key).get() == chain)
            #expect(
                read(parts[0], identity.key, intermediates: [parts[1], rootText]).content?.intermediates.count == 2
            )
            #expect(
                read(parts[0], identity.key, intermediates: [parts[1] + rootText]).content?.intermediates.count == 2
            )
            #expect(read(parts[0], identity.key).content?.intermediates == [])
            let refused: [([String], String)] = [
                ([rootText, parts[1]], "intermediates[0] is out of order: authority has not issued a.example.com"),
                ([otherText], "intermediates[0] is out of order: other has not issued a.example.com"),
                ([parts[1], otherText], "intermediates[1] is out of order: other has not issued first"),
                ([parts[1], parts[1]], "intermediates[1] is out of order: first has not issued first"),
                ([parts[0]], "intermediates[0] is out of order: a.example.com has not issued a.example.com"),
                ([""], "intermediates[0] has no certificate in PEM"),
                ([parts[1], "x"], "intermediates[1] has no certificate in PEM"),
            ]
            for (intermediates, error) in refused {
                #expect(read(parts[0], identity.key, intermediates: intermediates).refusal == error)
            }
            // The certificate is the first one of its text.
            #expect(read(parts[1] + parts[0], identity.key).refusal.hasPrefix("certificate is out of order"))
        }
    }

    @Test
    func certificatesMustBeValidNow() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await TestCertificates(in: folder)
            let old = try Identity(await authority.issue("old", validity: .expired))
            let future = try Identity(await authority.issue("future", validity: .future))
            #expect(read(old.certificate, old.key).refusal == "certificate has expired at 2021-01-01 00:00:00 UTC")
            #expect(
                read(future.certificate, future.key).refusal
                    == "certificate is not valid before 2098-01-01 00:00:00 UTC"
            )
        }
    }

    @Test
    func wrongKeysAreRefusedWithoutQuotingThem() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await TestCertificates(in: folder)
            let identity = try Identity(await authority.issue("a"))
            let other = try Identity(await authority.issue("b"))
            let rsa = try Identity(await authority.issue("c", keyType: "RSA"))
            let lines = other.key.split(separator: "\n")
            let corrupt = [lines[0], "!" + lines[1].dropFirst()] + lines[2...]
            let bad: [(String, String)] = [
                (other.key, "private_key does not match the certificate"),
                (rsa.key, "private_key does not match the certificate"),
                ("", "private_key has no private key in PEM"),
                ("garbage", "private_key has no private key in PEM"),
                (identity.certificate, "private_key has no private key in PEM"),
                (String(identity.key.dropLast(40)), "private_key has no private key in PEM"),
                (corrupt.joined(separator: "\n") + "\n", "private_key has no private key in PEM"),
                (identity.key + String(repeating: " ", count: 2 << 20), "private_key has more than 1048576 bytes"),
            ]
            for (key, error) in bad {
                let refusal = read(identity.certificate, key).refusal
                #expect(refusal == error)
                for secret in [other.secret, rsa.secret, identity.secret] { #expect(!refusal.contains(secret)) }
            }
            for (text, error) in [
                ("", "has no certificate in PEM"), ("garbage", "has no certificate in PEM"),
                (identity.key, "has no certificate in PEM"),
                (String(identity.certificate.dropLast(40)), "has a corrupt certificate in PEM"),
                ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "has a corrupt certificate in PEM"),
                (identity.certificate + "-----BEGIN CERTIFICATE-----\nAA", "has a corrupt certificate in PEM"),
                (String(repeating: "x", count: 2 << 20), "has 2097152 bytes; the limit is 1048576"),
            ] {
                #expect(read(text, identity.key).refusal == "certificate \(error)")
            }
        }
    }

    @Test
    func shortKeysAreRefused() async throws {
        try await withTemporaryFolder { folder in
            let (key, certificate) = (folder.appending(path: "k").path, folder.appending(path: "c").path)
            for (options, bits) in [
                (["-newkey", "rsa:1024"], "1024"), (["-newkey", "EC", "-pkeyopt", "ec_paramgen_curve:P-192"], "192"),
            ] {
                let program = try #require(Requirement.openssl.path)
                _ = try await Command.run(
                    program,
                    ["req", "-x509", "-noenc", "-days", "30", "-subj", "/CN=a", "-keyout", key, "-out", certificate]
                        + options
                )
                let identity = try Identity(TestCertificates.Identity(certificate: certificate, key: key))
                #expect(
                    read(identity.certificate, identity.key).refusal
                        == "private_key has only \(bits) bits; RSA needs 2048, elliptic curves 224"
                )
            }
        }
    }

    /// HAProxy's socket ends a text at its first blank line.
    @Test
    func theTextIsCanonical() async throws {
        try await withTemporaryFolder { folder in
            let files = try await TestCertificates(in: folder).intermediate("first").issue("a")
            let identity = try Identity(files)
            let plain = try #require(read(identity.certificate, identity.key).content)
            func disturbed(_ text: String) -> String {
                "a comment\n\n"
                    + text.replacing("\n", with: "\r\n").replacing("-----BEGIN", with: "subject=x\r\n\r\n-----BEGIN")
                    + "\r\n\r\n# the end"
            }
            let content = try #require(read(disturbed(identity.certificate), disturbed(identity.key)).content)
            #expect(content.pem == plain.pem)
            let lines = content.pem.secret.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.last == "" && !lines.dropLast().contains { $0.isEmpty || $0.utf8.count > 64 })
            #expect(!content.pem.secret.contains("\r") && !content.pem.secret.contains("comment"))
            #expect(lines.filter { $0.hasPrefix("-----BEGIN") }.count == 3)
            #expect(content.pem.secret.hasPrefix("-----BEGIN CERTIFICATE-----\n"))
            #expect(content.pem.secret.hasSuffix("\n-----END PRIVATE KEY-----\n"))
            #expect(content.pem.description == "***" && "\(Mirror(reflecting: content.pem).children.count)" == "0")
        }
    }

    private static func value(_ line: String) -> String {
        (line.split(separator: "=").last ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
