// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An object store for archives.
///
/// The archiver calls both functions on an executor with its own thread: they may block it.
public protocol ObjectStore: Sendable {
    /// Checks all that needs no connection, before the log is opened; also in a dry run, which stores nothing.
    ///
    /// - Throws: `ObjectStoreError` for a container or credentials that ``put(_:)`` would refuse.
    func check(
        container: String,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) throws(ObjectStoreError)

    /// Stores one object completely, or not at all. Creates the container if it does not exist.
    ///
    /// The store is queried first, before the content is made: an existing object is never overwritten, even in a store
    /// that ignores `If-None-Match`. If an earlier call with the same ``ObjectUpload/id`` stored the object and it is
    /// complete, it is the result of this call; a damaged one is replaced.
    ///
    /// Cancelling the task ends the upload.
    ///
    /// - Returns: The object as the store confirmed it.
    /// - Throws: `ObjectStoreError`; no part of the object remains. `alreadyExists` for a different object of that
    ///   name, which is not changed.
    func put(_ upload: ObjectUpload) async throws(ObjectStoreError) -> StoredObject

    /// Removes the remains of an abandoned upload, such as segments. A stored object is kept, unless parts of it are
    /// missing.
    ///
    /// - Throws: `ObjectStoreError`; call again later.
    func removeRemains(
        of upload: AbandonedUpload,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) async throws(ObjectStoreError)
}

extension ObjectStore {
    /// Accepts everything: for a store whose rules only the server knows.
    public func check(
        container: String,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) throws(ObjectStoreError) {}

    /// Does nothing: for a store that keeps nothing of an ended upload.
    public func removeRemains(
        of upload: AbandonedUpload,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) async throws(ObjectStoreError) {}
}

/// The content of an object, made during the upload.
public protocol ObjectBody: Sendable {
    /// Returns the next bytes, and blocks until they are available. Call it only on a thread that may block, such as
    /// the one that runs ``ObjectStore/put(_:)``.
    ///
    /// - Returns: At least one byte, or nil at the end.
    /// - Throws: `ObjectStoreError` with the code `sourceFailed` or `cancelled`, which ends the upload.
    func next() throws(ObjectStoreError) -> [UInt8]?
}

/// An object confirmed by a store.
public struct StoredObject: Hashable, Sendable {
    /// The MD5 of the content, in lower-case hexadecimal digits, as computed by both the store and the sender.
    ///
    /// Empty if the object already existed, and for a store that computes none.
    public let md5: String
    /// The size of the content in bytes.
    public let byteCount: UInt64
    /// Whether an earlier call for the same upload stored it, so that its content was not made again.
    public let wasFound: Bool

    /// Creates a description of an object.
    public init(md5: String, byteCount: UInt64, wasFound: Bool = false) {
        self.md5 = md5
        self.byteCount = byteCount
        self.wasFound = wasFound
    }
}
