// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCertificates
import SteelyardCore
import TestServers
import Testing

/// Client authorities and their revocation lists.
@Suite(Requirement.openssl.trait)
struct TrustTests {
    private static let reader = OpenSSLCertificateReader()

    @Test
    func authoritiesAreRead() async throws {
        try await withTemporaryFolder { folder in
            let one = try await TestCertificates(in: folder, name: "one")
            let two = try await TestCertificates(in: folder, name: "two")
            let texts = try [one, two].map { try String(contentsOfFile: $0.ca, encoding: .utf8) }
            let both = try Self.reader.authorities(texts.joined())
            let disturbed = texts.map { "# comment\r\n\r\n" + $0.replacing("\n", with: "\r\n") + "\r\n" }
            #expect(try Self.reader.authorities(disturbed.joined()) == both)
            #expect(both.pem?.contains("\r") == false && both.pem?.contains("\n\n") == false)
            #expect(try Self.reader.authorities(texts[0]) != both)
            let client = try Identity(await one.issue("client", usage: .client))
            let refused = [
                (client.certificate, "has a certificate that is no certificate authority: client"),
                (texts[0] + client.certificate, "has a certificate that is no certificate authority: client"),
                ("", "has no certificate in PEM"), (client.key, "has no certificate in PEM"),
                (String(texts[0].dropLast(40)), "has a corrupt certificate in PEM"),
                (String(repeating: "y", count: 2 << 20), "has 2097152 bytes; the limit is 1048576"),
            ]
            for (text, problem) in refused {
                let error = #expect(throws: InvalidValue.self) { try Self.reader.authorities(text) }
                #expect(error?.problem == problem)
            }
        }
    }

    @Test
    func everyAuthorityNeedsAValidList() async throws {
        try await withTemporaryFolder { folder in
            let one = try await TestCertificates(in: folder, name: "one")
            let two = try await TestCertificates(in: folder, name: "two")
            let authorities = try Self.reader.authorities(
                [one, two].map { try String(contentsOfFile: $0.ca, encoding: .utf8) }.joined()
            )
            let (first, second) = (try await one.revocationList(), try await two.revocationList())
            let expired = try await two.revocationList(validity: .expired)
            let both = try Self.reader.revocations(first + second, of: authorities)
            #expect(both.pem?.ranges(of: "BEGIN X509 CRL").count == 2)
            #expect(try Self.reader.revocations("#\r\n\r\n" + first + "\r\n\r\n" + second, of: authorities) == both)
            // An authority of the same name with another key.
            let double = try await TestCertificates(in: folder.appending(path: "one"), name: "one")
            let forged = try await double.revocationList()
            let refused = [
                (first, "has no certificate revocation list of two; no client of it could connect"),
                (first + expired, "has a certificate revocation list of two that has expired; no client could connect"),
                (forged + second, "has no certificate revocation list of one; no client of it could connect"),
                ("", "has no certificate revocation list in PEM"),
                (authorities.pem ?? "", "has no certificate revocation list in PEM"),
                (String(first.dropLast(40)), "has a corrupt certificate revocation list in PEM"),
                (String(repeating: "z", count: 2 << 20), "has 2097152 bytes; the limit is 1048576"),
            ]
            for (text, problem) in refused {
                let error = #expect(throws: InvalidValue.self) { try Self.reader.revocations(text, of: authorities) }
                #expect(error?.problem == problem)
            }
        }
    }
}
