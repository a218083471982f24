// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The checksum of an object from the header `ETag`.
package struct EntityTag: Hashable, Sendable {
    /// The tag in lower case, without quotes and without the prefix of a weak tag.
    package let value: String
    /// Whether the tag is weak (`W/`), as from a proxy that may change the content in transit.
    package let isWeak: Bool

    /// Parses the value of a header `ETag`.
    package init(_ header: String) {
        let text = header.lowercased().filter { !$0.isWhitespace && $0 != "\"" }
        isWeak = text.hasPrefix("w/")
        value = isWeak ? String(text.dropFirst(2)) : text
    }

    /// Whether it is the MD5 of the stored object, not of a version that a proxy has changed.
    package var isMD5: Bool {
        !isWeak && value.utf8.count == 32 && value.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
    }
}
