// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Where archives go.
///
/// The archiver calls both functions on an executor with a thread of its own: they may block there.
public protocol ObjectStore: Sendable {
    /// Checks what can be checked without a connection, before the log is opened: also for a dry run, which stores nothing.
    ///
    /// - Throws: `ObjectStoreError` for a container or credentials that ``put(_:)`` would refuse.
    func check(
        container: String,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) throws(ObjectStoreError)

    /// Stores one object whole, or nothing at all. The container is created if there is none.
    ///
    /// The store is asked for the object first, before any content is made: an object that exists is never written
    /// again, also in a store that does not know `If-None-Match`. If the object was stored by an earlier call with the
    /// same ``ObjectUpload/id`` and is whole, it is the result of this call; a damaged one is replaced.
    ///
    /// Cancelling the task ends the upload.
    ///
    /// - Returns: What the store has confirmed.
    /// - Throws: `ObjectStoreError`; no part of the object is left behind. `alreadyExists` for another object of that
    ///   name, which stays as it is.
    func put(_ upload: ObjectUpload) async throws(ObjectStoreError) -> StoredObject

    /// Removes what an abandoned upload has left in the store, such as segments. An object that it has stored stays,
    /// unless it is damaged, because parts of it are missing.
    ///
    /// - Throws: `ObjectStoreError`; call again later.
    func removeRemains(
        of upload: AbandonedUpload,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) async throws(ObjectStoreError)
}

extension ObjectStore {
    /// Accepts everything: for a store whose rules are known to the server alone.
    public func check(
        container: String,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) throws(ObjectStoreError) {}

    /// Does nothing: for a store in which an upload that ends leaves nothing.
    public func removeRemains(
        of upload: AbandonedUpload,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) async throws(ObjectStoreError) {}
}

/// The content of an object, made while it is sent.
public protocol ObjectBody: Sendable {
    /// Makes the next bytes, and blocks until they are there. To be called on a thread that may block, such as the one
    /// on which the archiver calls ``ObjectStore/put(_:)``.
    ///
    /// - Returns: At least one byte, or nil at the end.
    /// - Throws: `ObjectStoreError` with the code `sourceFailed` or `cancelled`, which ends the upload.
    func next() throws(ObjectStoreError) -> [UInt8]?
}

/// An object that a store has confirmed.
public struct StoredObject: Hashable, Sendable {
    /// The MD5 of the content, in lower-case hexadecimal digits, as the store and the sender both counted it.
    ///
    /// Empty if the object was found, and for a store that counts none.
    public let md5: String
    /// The content's bytes.
    public let byteCount: UInt64
    /// Whether an earlier call for the same upload had stored it, so that its content was not made again.
    public let wasFound: Bool

    /// Creates a description of an object.
    public init(md5: String, byteCount: UInt64, wasFound: Bool = false) {
        self.md5 = md5
        self.byteCount = byteCount
        self.wasFound = wasFound
    }
}
