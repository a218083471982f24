// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore
import Synchronization

/// An `ObjectStore` in memory: the reference for the contract, and a test double.
public final class InMemoryObjectStore: ObjectStore {
    private struct Object {
        let content: [UInt8]
        let upload: UploadID
    }

    private let objects = Mutex<[ObjectPath: Object]>([:])
    private let token: StorageToken?

    /// Creates an empty store.
    ///
    /// - Parameter token: The only accepted value of `hpcs_object_store_token`; nil to accept any.
    public init(token: StorageToken? = nil) { self.token = token }

    /// Returns the content of an object; nil if it does not exist.
    public func object(at path: ObjectPath) -> [UInt8]? { objects.withLock { $0[path]?.content } }

    /// The paths of all objects, unordered.
    public var paths: [ObjectPath] { objects.withLock { Array($0.keys) } }

    /// Stores one object completely or not at all.
    ///
    /// - Throws: `ObjectStoreError` with the code `unauthorized` for a wrong token, `alreadyExists`, `cancelled` if the
    ///   task is cancelled, and errors of the content.
    public func put(_ upload: ObjectUpload) async throws(ObjectStoreError) -> StoredObject {
        let path = upload.path
        guard token == nil || token == upload.credentials["hpcs_object_store_token"] else {
            throw ObjectStoreError(
                .unauthorized,
                "the object store rejects the token; send a new one",
                status: 401
            )
        }
        if let stored = objects.withLock({ $0[path] }) {
            guard stored.upload == upload.id else { throw Self.exists(path) }
            return StoredObject(md5: "", byteCount: UInt64(stored.content.count), wasFound: true)
        }
        let body = try upload.makeBody()
        var content: [UInt8] = []
        while let bytes = try body.next() {
            guard !Task.isCancelled else { throw ObjectStoreError(.cancelled, "the task was cancelled") }
            content += bytes
            await Task.yield()
        }
        try objects.withLock { objects throws(ObjectStoreError) in
            guard objects[path] == nil else { throw Self.exists(path) }
            objects[path] = Object(content: content, upload: upload.id)
        }
        return StoredObject(md5: MD5.hexDigits(of: content), byteCount: UInt64(content.count))
    }

    private static func exists(_ path: ObjectPath) -> ObjectStoreError {
        ObjectStoreError(.alreadyExists, "the object already exists and is not overwritten: \(path)", status: 412)
    }
}
