// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import S3Store
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

/// Tests with an S3 server that verifies signatures and checksums, one for all tests.
@Suite("Against an S3 store", Requirement.moto.trait, .motoServer)
struct S3Tests {
    static let checks = ObjectStoreContract.checks(without: [.anyContainerName])

    @Test("the contract, with the bucket in the path", arguments: S3Tests.checks)
    func withPath(_ check: ObjectStoreContract.Check) async throws {
        let server = try MotoServer.current
        try await check.run(Self.makeStore(S3Configuration()), at: server.place(server.endpoint))
    }

    @Test("the contract, with the bucket in the host name", arguments: S3Tests.checks)
    func withHost(_ check: ObjectStoreContract.Check) async throws {
        let server = try MotoServer.current
        var configuration = S3Configuration()
        configuration.addressing = .virtualHost
        try await check.run(Self.makeStore(configuration), at: server.place("http://s3.localhost:\(server.port)"))
    }

    @Test("the contract, in parts", arguments: S3Tests.checks)
    func inParts(_ check: ObjectStoreContract.Check) async throws {
        let server = try MotoServer.current
        var configuration = S3Configuration()
        configuration.partBytes = 100_000
        try await check.run(Self.makeStore(configuration), at: server.place(server.endpoint))
    }

    @Test("the contract, over TLS, in another region, with parts of S3's minimum size")
    func overTLS() async throws {
        try await withTemporaryFolder { folder in
            let identity = try await TestCertificates.selfSigned(in: folder, name: "s3", for: ["127.0.0.1"])
            try await withMoto(identity: identity, region: "eu-central-1") { server in
                var configuration = S3Configuration(certificateAuthorityFile: identity.certificate)
                configuration.partBytes = S3Configuration.smallestPartBytes
                let store = Self.makeStore(configuration)
                for check in Self.checks {
                    try await check.run(store, at: server.place(server.endpoint, region: "eu-central-1"))
                }
                var upload = try S3TestUpload()
                upload.configuration = configuration
                upload.region = "eu-central-1"
                upload.blocks = (0..<12).map { [UInt8](repeating: $0, count: 1 << 20) }
                #expect(try await upload.run(at: server.endpoint) == upload.stored)
                #expect(try await server.object("\(upload.path)")?.content == upload.content)
                #expect(try await server.object("\(upload.path)")?.etag.hasSuffix("-3") == true)
            }
        }
    }

    private static func makeStore(_ configuration: S3Configuration) -> S3Store {
        S3Store(configuration: configuration, logger: Logger(label: "test"))
    }
}

extension MotoServer {
    /// Returns this server as a place for the contract's checks.
    func place(_ endpoint: String, region: String = S3Credentials.defaultRegion) throws -> ObjectStoreContract.Place {
        ObjectStoreContract.Place(
            endpoint: try StorageEndpoint(endpoint),
            credentials: try Account.owner.credentials(region: region),
            secretField: "hpcs_object_store_secret_key"
        ) {
            try await object("\($0)")?.content
        }
    }
}
