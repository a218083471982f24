// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@Suite("The store of a dry run")
struct DryRunObjectStoreTests {
    private let path: ObjectPath
    private let endpoint: StorageEndpoint
    private let token: StorageToken

    init() throws {
        path = try TestUpload().path
        endpoint = try StorageEndpoint("http://nobody.invalid/v1/a")
        token = try StorageToken("t")
    }

    @Test("reads the content to its end and says how large it is")
    func reads() async throws {
        let stored = try await DryRunObjectStore().put(path, at: endpoint, token: token) {
            () throws(ObjectStoreError) in
            BlocksBody([[1, 2], [3]])
        }
        #expect(stored == StoredObject(md5: "", byteCount: 3))
    }

    @Test("fails where the content does")
    func fails() async throws {
        let error = ObjectStoreError(.sourceFailed, "no log")
        await #expect(throws: error) {
            try await DryRunObjectStore().put(path, at: endpoint, token: token) { () throws(ObjectStoreError) in
                throw error
            }
        }
    }
}
