// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// The content of one attempt, which one request or several take part by part; used on one thread.
///
/// No more than one block of the body is kept. It is copied once: into the buffer of the request.
package final class Content {
    private var body: (any ObjectBody)?
    private var block: [UInt8] = []
    private var position = 0
    private var isBodyAtEnd = false
    private var byteCount: UInt64 = 0
    private var digest: MD5Digest?

    /// Begins a content.
    package init(makeBody: () throws(ObjectStoreError) -> any ObjectBody) throws(ObjectStoreError) {
        body = try makeBody()
    }

    /// Whether none of it was taken; a block may have been made.
    package var isUntouched: Bool { byteCount == 0 }

    /// Counts the checksum of the whole, in addition to those of its parts; for a content that is untouched.
    package func countWhole() throws(ObjectStoreError) { if digest == nil { digest = try MD5Digest() } }

    /// Whether all of it has been taken; makes the next block to find out, which may block.
    package func isAtEnd() throws(ObjectStoreError) -> Bool {
        while position == block.count, !isBodyAtEnd {
            position = 0
            block = []
            if let next = try body?.next() {
                block = next
            } else {
                isBodyAtEnd = true
                body = nil
            }
        }
        return position == block.count
    }

    /// Takes the next bytes, and lends them.
    ///
    /// - Parameter limit: How many to take at most; at least 1.
    /// - Returns: How many were taken; 0 at the end.
    package func take(atMost limit: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws(ObjectStoreError) -> Int {
        guard !(try isAtEnd()) else { return 0 }
        let count = min(limit, block.count - position)
        unsafe block.withUnsafeBytes { bytes in
            let taken = unsafe UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
            unsafe digest?.update(taken)
            unsafe body(taken)
        }
        position += count
        byteCount += UInt64(count)
        return count
    }

    /// Takes all of it and keeps nothing.
    ///
    /// - Parameter check: Called before each block; ends it by an error.
    /// - Returns: The bytes that were taken.
    package func count(_ check: () throws(ObjectStoreError) -> Void) throws(ObjectStoreError) -> UInt64 {
        repeat { try check() } while try unsafe take(atMost: .max, { _ in }) > 0
        return byteCount
    }

    /// What has been taken in all, if it is counted; may be called once.
    package func finish() -> StoredObject? {
        guard let md5 = digest?.finish() else { return nil }
        return StoredObject(md5: md5, byteCount: byteCount)
    }
}
