// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore
import Synchronization

/// A store that handles each object's content with a closure of the test.
package final class ScriptedStore: ObjectStore {
    package typealias Make = @Sendable () throws(ObjectStoreError) -> any ObjectBody
    package typealias Script = @Sendable (_ id: String, _ make: Make) async throws(ObjectStoreError) -> [UInt8]

    private let script: Script
    private let objects = Mutex<[String: [UInt8]]>([:])

    package init(_ script: @escaping Script) { self.script = script }

    /// The stored contents, by load balancer id.
    package var contents: [String: [UInt8]] { objects.withLock { $0 } }

    package func put(_ object: ObjectUpload) async throws(ObjectStoreError) -> StoredObject {
        let id = String(object.path.name.split(separator: "/")[0])
        let content = try await script(id, object.makeBody)
        objects.withLock { $0[id] = content }
        return StoredObject(md5: "", byteCount: UInt64(content.count))
    }

    /// Reads a content, completely or up to a number of blocks.
    package static func take(_ body: any ObjectBody, atMost limit: Int = .max) throws(ObjectStoreError) -> [UInt8] {
        var content: [UInt8] = []
        var count = 0
        while count < limit, let block = try body.next() {
            content += block
            count += 1
        }
        return content
    }
}
