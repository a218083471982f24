// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import OpenStackSwiftStore
import SteelyardCore
import TestServers
import Testing

extension OpenStackSwiftTests {
    /// Requests that OpenStack Swift rejects, and certificates that the client rejects.
    @Suite("rejected requests")
    struct Refusals {
        private let server: OpenStackSwiftServer
        private var upload: TestUpload

        init() throws {
            server = try OpenStackSwiftServer.current
            upload = try TestUpload()
            upload.token = server.token
        }

        @Test("an unknown certificate authority")
        func unknownAuthority() async throws {
            let error = try await refusal(at: server.tlsEndpoint)
            #expect(error.code == .untrusted)
            #expect(error.message.contains("archive.ca"))
            // No content is read, and the upload is not retried.
            #expect(upload.begun.value == 0 && upload.log.lines.isEmpty)
        }

        @Test("an expired certificate, and one for another host")
        mutating func badCertificates() async throws {
            upload.configuration.certificateAuthorityFile = server.certificateAuthority
            let expired = try await refusal(at: server.expiredEndpoint)
            #expect(expired.code == .untrusted)
            #expect(expired.message.contains("certificate has expired"))
            let elsewhere = try await refusal(at: server.elsewhereEndpoint)
            #expect(elsewhere.code == .untrusted)
            #expect(elsewhere.message.contains("127.0.0.1"))
        }

        @Test("a certificate authority file that is missing, or not PEM", arguments: ["/nowhere/ca.pem", "/dev/null"])
        mutating func badAuthorityFile(_ file: String) async throws {
            upload.configuration.certificateAuthorityFile = file
            let error = try await refusal(at: server.tlsEndpoint)
            #expect(error.code == .untrusted)
            #expect(error.message.contains("archive.ca"))
        }

        @Test("TLS to a port without TLS, and vice versa")
        mutating func wrongScheme() async throws {
            upload.configuration.retries.attempts = 1
            let https = try await refusal(at: server.endpoint.replacing("http:", with: "https:"))
            #expect(https.code == .unavailable)
            _ = try await refusal(at: server.tlsEndpoint.replacing("https:", with: "http:"))
        }

        @Test("an account that the token cannot access")
        mutating func otherAccount() async throws {
            upload.token = try await server.tokenOfAnotherAccount()
            let error = try await refusal(at: server.endpoint)
            #expect(error.code == .forbidden)
            #expect(error.status == 403)
            #expect(
                error.message == """
                    the object store denies access (HTTP 403 from \(try authority()): Forbidden Access was denied to this \
                    resource.); either the token has expired: send the \
                    ARCHIVE again with a new token; or it may not read and write this account or container: check \
                    the endpoint and the base path
                    """
            )
        }

        @Test("an unknown token")
        mutating func unknownToken() async throws {
            upload.token = "no-such-token"
            let error = try await refusal(at: server.endpoint)
            #expect(error.code == .unauthorized)
            #expect(
                error.message == """
                    the object store rejects the token (HTTP 401 from \(try authority())); it is invalid or has expired; \
                    send the ARCHIVE again with a new token
                    """
            )
        }

        @Test("an exceeded quota")
        func quota() async throws {
            try await server.makeContainer(upload.path.container, headers: ["X-Container-Meta-Quota-Count: 0"])
            let error = try await refusal(at: server.endpoint)
            #expect(error.code == .tooLarge)
            #expect(
                error.message == """
                    the object store's quota is exceeded (HTTP 413 from \(try authority()): Upload exceeds quota.); remove \
                    objects, or raise the quota of the container or account
                    """
            )
        }

        @Test("a too large object leaves nothing")
        func tooLarge() async throws {
            try await withOpenStackSwift(options: ["--max-file-size", "500000"]) { small in
                var upload = upload
                upload.token = small.token
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: small.endpoint) }
                #expect(error?.code == .tooLarge)
                let names = try await small.names(in: upload.path.container)
                #expect(names.isEmpty)
            }
        }

        private func authority() throws -> String { try StorageEndpoint(server.endpoint).authority }

        private func refusal(at endpoint: String) async throws -> ObjectStoreError {
            let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: endpoint) }
            #expect(error.map { "\($0)".contains(upload.token) } == false)
            #expect(!upload.log.lines.contains { $0.contains(upload.token) })
            return try #require(error)
        }
    }
}
