// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import S3Store
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

extension S3Tests {
    /// Requests that an S3 store rejects: each error states the cause and the remedy.
    @Suite("rejected requests")
    struct Refusals {
        private let server: MotoServer
        private var upload: S3TestUpload

        init() throws {
            server = try MotoServer.current
            upload = try S3TestUpload()
        }

        @Test(
            "access",
            arguments: [
                (.expired, .unauthorized, "ExpiredToken", "new access key"),
                (.skewed, .unauthorized, "RequestTimeTooSkewed", "clock"),
                (.noBucket, .forbidden, "AccessDenied", "s3:CreateBucket"),
                (.reader, .forbidden, "AccessDenied", "permission to read and write"),
            ] as [(MotoServer.Account, ObjectStoreError.Code, String, String)]
        )
        mutating func access(
            _ account: MotoServer.Account,
            _ code: ObjectStoreError.Code,
            _ name: String,
            _ advice: String
        ) async throws {
            upload.account = account
            let error = try await failure()
            #expect(error.code == code)
            #expect(error.message.contains(name) && error.message.contains(advice), "\(error.message)")
            #expect(try await !server.buckets().contains(upload.path.container))
        }

        @Test("a wrong secret key is unauthorized, not forbidden")
        func wrongSecret() async throws {
            let credentials = try MotoServer.Account.owner.credentials().replacing(
                "hpcs_object_store_secret_key",
                by: try StorageToken("not-the-secret")
            )
            let (path, endpoint) = (upload.path, try StorageEndpoint(server.endpoint))
            let store = upload.makeStore()
            let object = ObjectUpload(path: path, endpoint: endpoint, credentials: credentials) {
                () throws(ObjectStoreError) in BytesBody([1])
            }
            let error = await #expect(throws: ObjectStoreError.self) {
                try await withTaskExecutorPreference(BlockingExecutor()) { try await store.put(object) }
            }
            #expect(error?.code == .unauthorized && error?.mayBeStored == false)
            #expect(error?.message.contains("SignatureDoesNotMatch") == true)
            #expect(error?.message.contains("not-the-secret") == false)
        }

        @Test("a wrong region: the error names the expected one")
        mutating func otherRegion() async throws {
            upload.region = "eu-west-3"
            let error = try await failure()
            #expect(error.code == .refused)
            #expect(error.message.contains("the bucket is not in region eu-west-3"), "\(error.message)")
            #expect(
                error.message.hasSuffix(
                    "set hpcs_object_store_region to us-east-1, and use the endpoint of that region"
                )
            )
        }

        @Test("temporary credentials have a session token in the signature")
        mutating func temporary() async throws {
            upload.account = .temporary
            #expect(try await upload.run(at: server.endpoint) == upload.stored)
        }

        @Test(
            "a write-only access key stores a new object, and overwrites none",
            arguments: [8 << 20, 200_000]
        )
        mutating func writer(_ partBytes: Int) async throws {
            upload.configuration.partBytes = partBytes
            upload.account = .writer
            #expect(try await upload.run(at: server.endpoint) == upload.stored)
            #expect(try await server.object("\(upload.path)")?.content == upload.content)
            upload.id = UploadID()
            let error = try await failure()
            #expect(error.code == .unavailable && error.mayBeStored)
            #expect(error.message.contains("possibly from another upload"))
            upload.isFresh = false
            #expect(try await failure().code == .forbidden)
        }

        @Test("a missing bucket is not created if that is disabled")
        mutating func noBucket() async throws {
            upload.configuration.createsBucket = false
            let error = try await failure()
            #expect(error.code == .notFound)
            #expect(error.message.contains("the bucket does not exist") && error.message.contains("s3.create_bucket"))
            #expect(try await !server.buckets().contains(upload.path.container))
        }

        @Test("a bucket is created in the region of the credentials")
        mutating func bucketOfRegion() async throws {
            upload.region = "eu-central-1"
            try await withMoto(region: "eu-central-1") { server in
                let stored = try await upload.run(at: server.endpoint)
                #expect(stored == upload.stored)
            }
        }

        @Test(
            "an invalid bucket name is rejected before anything is sent",
            arguments: ["ab", "two words", "größe", "a:b", String(repeating: "b", count: 64)]
        )
        mutating func badBucket(_ name: String) async throws {
            upload = try S3TestUpload(bucket: name)
            let error = try await failure()
            #expect(error.code == .refused && !error.mayBeStored)
            #expect(error.message.contains("hpcs_object_store_basepath"))
        }

        @Test("too small parts")
        mutating func smallParts() async throws {
            upload.configuration.partBytes = 200_000
            try await withMoto { server in
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: server.endpoint) }
                #expect(error?.code == .refused)
                #expect(error?.message.contains("EntityTooSmall") == true)
                #expect(error?.message.contains("s3.part_bytes") == true)
                let uploads = try await server.uploads(in: upload.path.container)
                #expect(uploads == [])
            }
        }

        private func failure() async throws -> ObjectStoreError {
            let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: server.endpoint) }
            #expect(error.map { upload.isRevealed(in: "\($0)") } == false)
            #expect(!upload.log.lines.contains { upload.isRevealed(in: $0) })
            return try #require(error)
        }
    }
}
