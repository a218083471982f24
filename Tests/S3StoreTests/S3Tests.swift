// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import S3Store
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

/// What runs against an S3 store that checks signatures and checksums, one for all of it.
@Suite("Against an S3 store", Requirement.moto.trait, .motoServer)
struct S3Tests {
    @Test("the contract, with the bucket in the path", arguments: ObjectStoreContract.checks)
    func withPath(_ check: ObjectStoreContract.Check) async throws {
        let server = try MotoServer.current
        try await check.run(Self.makeStore(S3Configuration()), at: server.place(server.endpoint))
    }

    @Test("the contract, with the bucket in the host name", arguments: ObjectStoreContract.checks)
    func withHost(_ check: ObjectStoreContract.Check) async throws {
        let server = try MotoServer.current
        var configuration = S3Configuration()
        configuration.addressing = .virtualHost
        try await check.run(Self.makeStore(configuration), at: server.place("http://s3.localhost:\(server.port)"))
    }

    @Test("the contract, in parts", arguments: ObjectStoreContract.checks)
    func inParts(_ check: ObjectStoreContract.Check) async throws {
        let server = try MotoServer.current
        var configuration = S3Configuration()
        configuration.partBytes = 100_000
        try await check.run(Self.makeStore(configuration), at: server.place(server.endpoint))
    }

    @Test("the contract, over TLS, in another region, with parts as S3 wants them")
    func overTLS() async throws {
        try await withTemporaryFolder { folder in
            let identity = try await TestCertificates.selfSigned(in: folder, name: "s3", for: ["127.0.0.1"])
            try await withMoto(identity: identity, region: "eu-central-1") { server in
                var configuration = S3Configuration(certificateAuthorityFile: identity.certificate)
                configuration.partBytes = S3Configuration.smallestPartBytes
                let store = Self.makeStore(configuration, region: "eu-central-1")
                for check in ObjectStoreContract.checks {
                    try await check.run(store, at: server.place(server.endpoint))
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

    private static func makeStore(
        _ configuration: S3Configuration,
        region: String = S3Credentials.defaultRegion
    ) -> S3Store {
        S3Store(configuration: configuration, logger: Logger(label: "test")) { token throws(InvalidValue) in
            let account = MotoServer.Account.owner
            let isKnown = token.secret == account.secretKey
            return try S3Credentials(
                accessKey: isKnown ? account.accessKey : "UNKNOWN",
                secretKey: token.secret,
                region: region
            )
        }
    }
}

extension MotoServer {
    /// This server, as the contract's checks see it.
    func place(_ endpoint: String) throws -> ObjectStoreContract.Place {
        ObjectStoreContract.Place(
            endpoint: try StorageEndpoint(endpoint),
            token: try StorageToken(Account.owner.secretKey),
            containerNames: .hostNames
        ) {
            try await object("\($0)")?.content
        }
    }
}
