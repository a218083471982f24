// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// Reads and discards each object without any connection, for a dry run.
///
/// The content is read to its end, so that an unreadable log fails as in a real run. The result has an empty MD5, since
/// no store has computed one.
package struct DryRunObjectStore: ObjectStore {
    /// The store whose checks are used, and to which nothing is sent; nil for no checks.
    private let store: (any ObjectStore)?

    /// Creates a store.
    ///
    /// - Parameter store: Checks the container and the credentials; nil for no checks.
    package init(insteadOf store: (any ObjectStore)? = nil) { self.store = store }

    package func check(
        container: String,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) throws(ObjectStoreError) {
        try store?.check(container: container, at: endpoint, credentials: credentials)
    }

    /// Reads the object's content to its end and counts its bytes.
    ///
    /// - Returns: The byte count and an empty MD5.
    /// - Throws: `ObjectStoreError` if the content cannot be read.
    package func put(_ upload: ObjectUpload) async throws(ObjectStoreError) -> StoredObject {
        let body = try upload.makeBody()
        var count: UInt64 = 0
        while let bytes = try body.next() { count += UInt64(bytes.count) }
        return StoredObject(md5: "", byteCount: count)
    }
}
