// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// The content of one attempt, consumed in parts by one or several requests; used on one thread.
///
/// At most one block of the body is kept. Its bytes are copied once: into the request's buffer.
package final class Content {
    private var body: (any ObjectBody)?
    private var block: [UInt8] = []
    private var position = 0
    private var isBodyAtEnd = false
    private var byteCount: UInt64 = 0
    private var digest: MD5Digest?

    /// Creates a content at its start.
    package init(makeBody: () throws(ObjectStoreError) -> any ObjectBody) throws(ObjectStoreError) {
        body = try makeBody()
    }

    /// Whether none of it has been consumed; a block may have been read.
    package var isUntouched: Bool { byteCount == 0 }

    /// Computes the checksum of the whole, in addition to those of its parts; call before consuming any of it.
    package func countWhole() throws(ObjectStoreError) { if digest == nil { digest = try MD5Digest() } }

    /// Returns whether all of it has been consumed; reads the next block to find out, which may block.
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

    /// Consumes the next bytes and passes them to a closure.
    ///
    /// - Parameter limit: The most bytes to consume; at least 1.
    /// - Returns: The number of bytes consumed; 0 at the end.
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

    /// Consumes and discards the rest.
    ///
    /// - Parameter check: Called before each block; an error ends the call.
    /// - Returns: The number of bytes consumed.
    package func count(_ check: () throws(ObjectStoreError) -> Void) throws(ObjectStoreError) -> UInt64 {
        repeat { try check() } while try unsafe take(atMost: .max, { _ in }) > 0
        return byteCount
    }

    /// Returns the checksum and size of the bytes consumed, if computed; call at most once.
    package func finish() -> StoredObject? {
        guard let md5 = digest?.finish() else { return nil }
        return StoredObject(md5: md5, byteCount: byteCount)
    }
}
