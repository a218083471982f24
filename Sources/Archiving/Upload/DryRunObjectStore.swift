// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// Takes an object as any store would, and keeps nothing: for a dry run.
///
/// The content is made to its end, so that a log that cannot be read fails as it would, and nothing is connected to. What
/// it returns has an empty MD5, since no store has computed one.
package struct DryRunObjectStore: ObjectStore {
    /// The store that nothing is sent to; nil for none.
    private let store: (any ObjectStore)?

    /// Creates a store.
    ///
    /// - Parameter store: What checks the container and the credentials.
    package init(insteadOf store: (any ObjectStore)? = nil) { self.store = store }

    package func check(
        container: String,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) throws(ObjectStoreError) {
        try store?.check(container: container, at: endpoint, credentials: credentials)
    }

    /// Reads the object's content to its end, and counts its bytes.
    ///
    /// - Returns: The bytes, and an empty MD5.
    /// - Throws: `ObjectStoreError` where the content cannot be made.
    package func put(_ upload: ObjectUpload) async throws(ObjectStoreError) -> StoredObject {
        let body = try upload.makeBody()
        var count: UInt64 = 0
        while let bytes = try body.next() { count += UInt64(bytes.count) }
        return StoredObject(md5: "", byteCount: count)
    }
}
