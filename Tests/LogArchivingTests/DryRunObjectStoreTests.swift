// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import LogArchiving
import SteelyardCore
import Synchronization
import Testing

@Suite("The store of a dry run")
struct DryRunObjectStoreTests {
    private let path: ObjectPath
    private let endpoint: StorageEndpoint
    private let credentials: StorageCredentials

    init() throws {
        path = ObjectPath(
            basePath: try ObjectBasePath("c"),
            loadBalancer: try Identifier("lb"),
            time: UTCTimestamp(microseconds: 0)
        )
        endpoint = try StorageEndpoint("http://nobody.invalid/v1/a")
        credentials = ["hpcs_object_store_token": try StorageToken("t")]
    }

    @Test("reads the content to its end and returns its size")
    func reads() async throws {
        let upload = ObjectUpload(path: path, endpoint: endpoint, credentials: credentials) {
            () throws(ObjectStoreError) in
            BlocksBody([[1, 2], [3]])
        }
        let stored = try await DryRunObjectStore().put(upload)
        #expect(stored == StoredObject(md5: "", byteCount: 3))
    }

    @Test("fails if the content fails")
    func fails() async throws {
        let error = ObjectStoreError(.sourceFailed, "no log")
        await #expect(throws: error) {
            try await DryRunObjectStore().put(
                ObjectUpload(path: path, endpoint: endpoint, credentials: credentials) { () throws(ObjectStoreError) in
                    throw error
                }
            )
        }
    }
}

private final class BlocksBody: ObjectBody {
    private let blocks: Mutex<ArraySlice<[UInt8]>>

    init(_ blocks: [[UInt8]]) { self.blocks = Mutex(blocks[...]) }

    func next() throws(ObjectStoreError) -> [UInt8]? { blocks.withLock { $0.popFirst() } }
}
