// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// The part of a content that one request sends.
package final class ContentPart {
    /// The size of a part.
    package enum Extent: Hashable {
        /// All of the content, which must not exceed the limit.
        case whole(limit: UInt64)
        /// Up to the limit; the rest is left to the next part.
        case upTo(limit: UInt64)
        /// Exactly the size of an earlier count.
        case exactly(byteCount: UInt64, isLast: Bool)
    }

    /// Creates a part.
    package typealias Maker = () throws(ObjectStoreError) -> ContentPart

    private let content: Content
    private let extent: Extent
    private let digest: MD5Digest
    package private(set) var byteCount: UInt64 = 0
    /// Whether the whole part has been consumed.
    package private(set) var isAtEnd = false
    /// Whether the content ends with this part; known at the part's end.
    package private(set) var isLast = false

    package init(of content: Content, extent: Extent) throws(ObjectStoreError) {
        self.content = content
        self.extent = extent
        digest = try MD5Digest()
    }

    /// Whether any of it has been consumed: it cannot be sent again.
    package var isTouched: Bool { byteCount > 0 }

    private var limit: UInt64 {
        switch extent {
        case .whole(let limit), .upTo(let limit), .exactly(let limit, _): limit
        }
    }

    /// Copies the next bytes.
    ///
    /// - Parameter buffer: At least 1 byte.
    /// - Returns: The number of bytes; 0 at the end of the part.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(HTTPExchange.Stop) -> Int {
        guard !isAtEnd else { return 0 }
        var count = 0
        if byteCount < limit {
            let room = Int(clamping: min(UInt64(buffer.count), limit - byteCount))
            do throws(ObjectStoreError) {
                count = try unsafe content.take(atMost: room) { bytes in
                    unsafe digest.update(bytes)
                    unsafe buffer.copyMemory(from: bytes)
                }
            } catch {
                throw .source(error)
            }
            byteCount += UInt64(count)
        }
        // A request with a Content-Length ends with its last byte, without another call.
        if case .exactly(byteCount, _) = extent { try end() } else if count == 0 { try end() }
        return count
    }

    /// Returns the part's checksum and size; call at most once.
    package func finish() -> StoredObject { StoredObject(md5: digest.finish(), byteCount: byteCount) }

    private func end() throws(HTTPExchange.Stop) {
        do throws(ObjectStoreError) { isLast = try content.isAtEnd() } catch { throw .source(error) }
        switch extent {
        case .whole: guard isLast else { throw .outgrown }
        case .upTo: break
        case .exactly(let expected, let isExpectedLast):
            guard byteCount == expected, isLast == isExpectedLast else { throw .changed }
        }
        isAtEnd = true
    }
}
