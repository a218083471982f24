// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import HTTPStores
import Logging
import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

/// A test's upload to a store with minimal waits between attempts.
struct TestUpload {
    var configuration = OpenStackSwiftConfiguration()
    var token = "a-secret-token-of-this-test"
    var path: ObjectPath
    var id = UploadID()
    var byteEstimate: UInt64?
    var isFresh = true
    var blocks = [[UInt8]](repeating: [UInt8](repeating: 42, count: 300_000), count: 3)
    let log = LogRecorder()
    /// The number of times the content was started.
    let begun = BeginCount()

    init(container: String = "c-\(UInt64.random(in: 0...UInt64.max))") throws {
        path = try Self.path(in: container, "lb")
        configuration.retries.firstWait = .milliseconds(1)
        configuration.retries.attempts = 3
    }

    static func path(in container: String, _ id: String) throws -> ObjectPath {
        ObjectPath(
            basePath: try ObjectBasePath(container),
            loadBalancer: try Identifier(id),
            time: UTCTimestamp(microseconds: 0)
        )
    }

    var content: [UInt8] { Array(blocks.joined()) }

    func makeStore() -> OpenStackSwiftStore {
        OpenStackSwiftStore(configuration: configuration, logger: Logger(label: "test") { [log] _ in log })
    }

    func run(at endpoint: String) async throws -> StoredObject { try await run(at: endpoint, by: makeStore()) }

    func run(at endpoint: String, by store: OpenStackSwiftStore) async throws -> StoredObject {
        let (begun, blocks) = (begun, blocks)
        let upload = ObjectUpload(
            id: id,
            path: path,
            endpoint: try StorageEndpoint(endpoint),
            credentials: ["hpcs_object_store_token": try StorageToken(token)],
            byteEstimate: byteEstimate,
            isFresh: isFresh
        ) { () throws(ObjectStoreError) in
            begun.add()
            return BlocksBody(blocks)
        }
        return try await withTaskExecutorPreference(BlockingExecutor()) { try await store.put(upload) }
    }

    /// Removes the remains of the upload.
    func removeRemains(at endpoint: String) async throws {
        let endpoint = try StorageEndpoint(endpoint)
        let credentials: StorageCredentials = ["hpcs_object_store_token": try StorageToken(token)]
        try await withTaskExecutorPreference(BlockingExecutor()) {
            try await makeStore().removeRemains(
                of: AbandonedUpload(id: id, path: path),
                at: endpoint,
                credentials: credentials
            )
        }
    }

    /// Returns the error of the upload.
    func error(at endpoint: String) async throws -> ObjectStoreError {
        let error = await #expect(throws: ObjectStoreError.self) { try await run(at: endpoint) }
        #expect(error.map { "\($0)".contains(token) } == false)
        #expect(!log.lines.contains { $0.contains(token) })
        return try #require(error)
    }

    func error(at port: Int) async throws -> ObjectStoreError {
        try await error(at: "http://127.0.0.1:\(port)/v1/AUTH_test")
    }

    func run(at port: Int) async throws -> StoredObject { try await run(at: "http://127.0.0.1:\(port)/v1/AUTH_test") }
}

final class BeginCount: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add() { count.withLock { $0 += 1 } }
}

final class BlocksBody: ObjectBody {
    private let blocks: Mutex<ArraySlice<[UInt8]>>

    private let onNext: @Sendable () -> Void

    init(_ blocks: [[UInt8]], onNext: @escaping @Sendable () -> Void = {}) {
        self.blocks = Mutex(blocks[...])
        self.onNext = onNext
    }

    func next() throws(ObjectStoreError) -> [UInt8]? {
        onNext()
        return blocks.withLock { $0.popFirst() }
    }
}
