// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import OpenStackSwiftStore
import SteelyardCore
import TestServers
import Testing

/// Stores with unusable TLS or certificates: each fault is named, and the upload is not retried.
@Suite("Unusable TLS", Requirement.openssl.trait)
struct StoreTLSTests {
    @Test(
        "the error names the cause",
        arguments: [
            (
                ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], "unsupported",
                "the object store supports neither TLS 1.2 nor a newer version", "enable TLS 1.2 at the store"
            ),
            (
                ["-Verify", "1", "-tls1_3"], "unsupported",
                "the object store requires a client certificate, and Steelyard sends none",
                "use an endpoint that requires none"
            ),
            (
                ["-Verify", "1", "-tls1_2"], "unsupported",
                "the object store and Steelyard have no TLS settings in common",
                "check the store's ciphers and key sizes, and whether it requires a client certificate"
            ),
        ]
    )
    func handshake(_ options: [String], _ code: String, _ cause: String, _ advice: String) async throws {
        try await withTemporaryFolder { folder in
            let authority = try await TestCertificates(in: folder)
            let identity = try await authority.issue("store", for: ["localhost", "127.0.0.1"])
            try await withOpenSSLServer(in: folder, identity: identity, options: options) { port in
                var upload = try TestUpload()
                upload.configuration.certificateAuthorityFile = authority.ca
                let error = try await upload.error(at: "https://127.0.0.1:\(port)/v1/a")
                expect(error, code, cause, advice, upload)
            }
        }
    }

    @Test("the error names the fault of a certificate")
    func certificates() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await TestCertificates(in: folder)
            let other = try await TestCertificates(in: folder, name: "other")
            let cases: [(TestCertificates.Identity, String, String, String)] = [
                (
                    try await other.issue("unknown", for: ["127.0.0.1"]),
                    "the object store's certificate is not trusted: unknown certificate authority",
                    "set archive.ca to a PEM file of that authority", "127.0.0.1"
                ),
                (
                    try await authority.issue("expired", for: ["127.0.0.1"], validity: .expired),
                    "the object store's certificate has expired", "renew it, and check this device's clock", "127.0.0.1"
                ),
                (
                    try await authority.issue("future", for: ["127.0.0.1"], validity: .future),
                    "the object store's certificate is not yet valid", "check this device's clock", "127.0.0.1"
                ),
                (
                    try await authority.issue("elsewhere", for: ["elsewhere.example"]),
                    "the object store's certificate is for another host name",
                    "use a name from the certificate in the endpoint, or add the endpoint's host to the certificate",
                    "localhost"
                ),
            ]
            for (identity, cause, advice, host) in cases {
                try await withOpenSSLServer(in: folder, identity: identity, options: []) { port in
                    var upload = try TestUpload()
                    upload.configuration.certificateAuthorityFile = authority.ca
                    let error = try await upload.error(at: "https://\(host):\(port)/v1/a")
                    expect(error, "untrusted", cause, advice, upload)
                }
            }
        }
    }

    @Test("a port without TLS")
    func noTLS() async throws {
        let upload = try TestUpload()
        try await LoopbackScript { connection, _ in
            connection.take()
            connection.answer("400 Bad Request")
        }.serve { server in
            let error = try await upload.error(at: "https://127.0.0.1:\(server.port)/v1/a")
            expect(
                error,
                "unavailable",
                "the object store's port does not use TLS",
                "use http:// in the endpoint, or the TLS port",
                upload
            )
        }
    }

    private func expect(
        _ error: ObjectStoreError,
        _ code: String,
        _ cause: String,
        _ advice: String,
        _ upload: TestUpload
    ) {
        #expect(error.code.description == code)
        #expect(error.message.hasPrefix(cause + " ("), "\(error.message)")
        #expect(error.message.hasSuffix("; " + advice), "\(error.message)")
        // The upload is not retried.
        #expect(upload.log.lines.isEmpty && upload.begun.value == 0)
    }
}
