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
    ///   - makeBody: Begins the object's content; called again for every attempt.
    /// - Returns: What the store has confirmed.
    /// - Throws: `ObjectStoreError`; no part of the object is left behind.
    func put(
        _ path: ObjectPath,
        at endpoint: StorageEndpoint,
        token: StorageToken,
        makeBody: @escaping @Sendable () throws(ObjectStoreError) -> any ObjectBody
    ) async throws(ObjectStoreError) -> StoredObject
}

/// The content of an object, made while it is sent.
public protocol ObjectBody: Sendable {
    /// Makes the next bytes; called from a thread that may block.
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
