// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Where archives go.
public protocol ObjectStore: Sendable {
    /// Stores one object whole, or nothing at all. The container is created where there is none.
    ///
    /// - Parameters:
    ///   - path: The object's place. What is there already is not overwritten.
    ///   - endpoint: The store's URL, up to the account.
    ///   - token: Gives access to it.
    ///   - makeBody: Begins the object's content; called again for every attempt. Several objects are made side by side
    ///     in one reading of the log, each waiting for the others: let go of a content that is needed no longer.
    /// - Returns: What the store has confirmed.
    /// - Throws: `ObjectStoreError`; no part of the object is left behind.
    func put(
        _ path: ObjectPath,
        at endpoint: StorageEndpoint,
        token: StorageToken,
        makeBody: @escaping @Sendable () throws(ObjectStoreError) -> any ObjectBody
    ) async throws(ObjectStoreError) -> StoredObject

    /// Says what is stored at a place.
    ///
    /// - Returns: nil where there is nothing.
    /// - Throws: `ObjectStoreError`; with the code `unsupported` where the store cannot be asked.
    func object(
        _ path: ObjectPath,
        at endpoint: StorageEndpoint,
        token: StorageToken
    ) async throws(ObjectStoreError) -> FoundObject?
}

extension ObjectStore {
    /// Throws an error with the code `unsupported`.
    public func object(
        _ path: ObjectPath,
        at endpoint: StorageEndpoint,
        token: StorageToken
    ) async throws(ObjectStoreError) -> FoundObject? {
        throw ObjectStoreError(.unsupported, "this store cannot be asked for an object")
    }
}

/// The content of an object, made while it is sent.
public protocol ObjectBody: Sendable {
    /// Makes the next bytes, and blocks until they are there: for a thread that may, such as the one on which
    /// ``LogArchiver`` calls ``ObjectStore/put(_:at:token:makeBody:)``, as long as that stays on it.
    ///
    /// - Returns: At least one byte, or nil at the end.
    /// - Throws: `ObjectStoreError` with the code `sourceFailed` or `cancelled`, which ends the upload.
    func next() throws(ObjectStoreError) -> [UInt8]?
}

/// What a store says of an object that it has taken.
public struct StoredObject: Hashable, Sendable {
    /// The MD5 of the content, in lower-case hexadecimal digits, as the store and the sender both counted it.
    public let md5: String
    /// The content's bytes.
    public let byteCount: UInt64

    /// Creates a description of an object.
    public init(md5: String, byteCount: UInt64) {
        self.md5 = md5
        self.byteCount = byteCount
    }
}
