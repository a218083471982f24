// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// A part of a content in memory, with its checksums: the store requires size and checksums before the bytes.
struct BufferedPart {
    let blocks: [[UInt8]]
    let object: StoredObject
    /// The MD5 for the header `Content-MD5`.
    let contentMD5: String
    let sha256: String

    /// Reads the next bytes of a content.
    ///
    /// - Parameters:
    ///   - limit: The most bytes to read.
    ///   - check: Called before each block; an error ends the call.
    init(
        of content: Content,
        limit: UInt64,
        _ check: () throws(ObjectStoreError) -> Void
    ) throws(ObjectStoreError) {
        var blocks: [[UInt8]] = []
        var left = limit
        let md5 = try MD5Digest()
        let sha256 = try SHA256Digest()
        while left > 0 {
            try check()
            var block: [UInt8] = []
            let count = try unsafe content.take(atMost: Int(clamping: left)) { bytes in
                block = unsafe Array(bytes)
            }
            guard count > 0 else { break }
            md5.update(block)
            sha256.update(block)
            blocks.append(block)
            left -= UInt64(count)
        }
        self.blocks = blocks
        let digits = md5.finish()
        object = StoredObject(md5: digits, byteCount: limit - left)
        contentMD5 = Base64.encoded(Hexadecimal.bytes(of: digits) ?? [])
        self.sha256 = sha256.finish()
    }

    /// Returns the part as the content of a request.
    func makePart() throws(ObjectStoreError) -> ContentPart {
        let blocks = blocks
        return try ContentPart(
            of: Content { () throws(ObjectStoreError) in BlocksBody(blocks) },
            extent: .exactly(byteCount: object.byteCount, isLast: true)
        )
    }
}
