// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Keeps objects in memory, and can block or fail.
final class RecordingStore: ObjectStore {
    struct Upload: Hashable {
        let place: String
        let endpoint: String
        let token: String
        let content: String
    }

    private let stored = Mutex<[Upload]>([])
    private let failure: (@Sendable (String) -> ObjectStoreError?)?
    private let pause: (@Sendable () async -> Void)?

    init(
        failure: (@Sendable (String) -> ObjectStoreError?)? = nil,
        pause: (@Sendable () async -> Void)? = nil
    ) {
        self.failure = failure
        self.pause = pause
    }

    var uploads: [Upload] { stored.withLock { $0 } }

    func put(_ object: ObjectUpload) async throws(ObjectStoreError) -> StoredObject {
        await pause?()
        if let error = failure?(object.path.description) { throw error }
        let body = try object.makeBody()
        var content: [UInt8] = []
        while let block = try body.next() { content += block }
        let upload = Upload(
            place: object.path.description,
            endpoint: object.endpoint.description,
            token: object.credentials["hpcs_object_store_token"]?.secret ?? "",
            content: String(decoding: content, as: UTF8.self)
        )
        stored.withLock { $0.append(upload) }
        return StoredObject(md5: "d41d8cd98f00b204e9800998ecf8427e", byteCount: UInt64(content.count))
    }
}
