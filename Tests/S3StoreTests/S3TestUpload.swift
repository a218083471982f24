// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import Logging
import S3Store
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers

/// A test's upload to a store with minimal waits between attempts.
struct S3TestUpload {
    var configuration = S3Configuration()
    var account = MotoServer.Account.owner
    var region = S3Credentials.defaultRegion
    var path: ObjectPath
    var id = UploadID()
    var byteEstimate: UInt64?
    var isFresh = true
    var blocks = [[UInt8]](repeating: [UInt8](repeating: 42, count: 300_000), count: 3)
    let log = LogRecorder()
    /// The number of times the content was started.
    let begun = Counter()

    init(bucket: String = newBucket()) throws {
        path = ObjectPath(
            basePath: try ObjectBasePath(bucket),
            loadBalancer: try Identifier("lb"),
            log: "haproxy",
            time: UTCTimestamp(microseconds: 0)
        )
        configuration.retries.firstWait = .milliseconds(1)
        configuration.retries.attempts = 3
    }

    static func newBucket() -> String { "bucket-\(UInt64.random(in: 0...UInt64.max))" }

    var content: [UInt8] { Array(blocks.joined()) }

    /// The expected result of a successful upload.
    var stored: StoredObject {
        StoredObject(md5: MD5.hexDigits(of: content), byteCount: UInt64(content.count))
    }

    func makeStore() -> S3Store {
        S3Store(configuration: configuration, logger: Logger(label: "test") { [log] _ in log })
    }

    func run(at endpoint: String) async throws -> StoredObject {
        let upload = ObjectUpload(
            id: id,
            path: path,
            endpoint: try StorageEndpoint(endpoint),
            credentials: try account.credentials(region: region),
            byteEstimate: byteEstimate,
            isFresh: isFresh
        ) { [begun, blocks] () throws(ObjectStoreError) in
            begun.add()
            return BlocksBody(blocks)
        }
        let store = makeStore()
        return try await withTaskExecutorPreference(BlockingExecutor()) { try await store.put(upload) }
    }

    func run(at port: Int) async throws -> StoredObject { try await run(at: "http://127.0.0.1:\(port)") }

    /// Removes the remains of the upload.
    func removeRemains(at endpoint: String) async throws {
        let (endpoint, credentials) = (try StorageEndpoint(endpoint), try account.credentials(region: region))
        let store = makeStore()
        try await withTaskExecutorPreference(BlockingExecutor()) {
            try await store.removeRemains(
                of: AbandonedUpload(id: id, path: path),
                at: endpoint,
                credentials: credentials
            )
        }
    }

    /// Returns whether a text contains a secret of this upload.
    func isRevealed(in text: String) -> Bool {
        text.contains(account.secretKey) || account.sessionToken.map { text.contains($0) } ?? false
    }
}

extension MotoServer.Account {
    /// The fields of an ARCHIVE.
    func credentials(region: String = S3Credentials.defaultRegion) throws -> StorageCredentials {
        var fields = [
            "hpcs_object_store_access_key": try StorageToken(accessKey),
            "hpcs_object_store_secret_key": try StorageToken(secretKey),
            "hpcs_object_store_region": try StorageToken(region),
        ]
        if let sessionToken { fields["hpcs_object_store_session_token"] = try StorageToken(sessionToken) }
        return StorageCredentials(fields)
    }
}

/// Counts from 0.
final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    /// Increments the count.
    ///
    /// - Returns: The count before.
    @discardableResult
    func add() -> Int { count.add(1, ordering: .sequentiallyConsistent).oldValue }
}
