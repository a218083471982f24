// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// What one request sends of a content.
struct ContentPart: Sendable {
    /// What becomes of content beyond the limit.
    enum Beyond {
        /// It is the next part's.
        case nextPart
        /// There must be none.
        case outgrown
    }

    let content: Content
    /// The greatest number of bytes.
    let limit: UInt64
    let beyond: Beyond
    private var taken: UInt64 = 0
    /// Whether the content ends with this part; known once the part has ended.
    private(set) var isLast = false

    init(of content: Content, limit: UInt64, beyond: Beyond) {
        self.content = content
        self.limit = limit
        self.beyond = beyond
    }

    /// Whether any of it has been taken: that cannot be sent again.
    var isTouched: Bool { taken > 0 }

    /// Takes the next bytes.
    ///
    /// - Returns: Nil at the end of the part, which never leaves an empty one behind.
    mutating func next() throws(HTTPExchange.Stop) -> [UInt8]? {
        do throws(ObjectStoreError) {
            if taken < limit, let bytes = try content.next(atMost: limit - taken) {
                taken += UInt64(bytes.count)
                return bytes
            }
            isLast = try content.isAtEnd()
        } catch {
            throw .source(error)
        }
        guard isLast || beyond == .nextPart else { throw .outgrown }
        return nil
    }
}
