// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The checksum of an object as a store reports it.
package struct EntityTag: Hashable, Sendable {
    /// The tag in lower case, without quotes and without the mark of a weak one.
    package let value: String
    /// Whether it is marked as weak (`W/`), as a proxy does that may change the content on its way.
    package let isWeak: Bool

    /// Reads the value of a header `ETag`.
    package init(_ header: String) {
        let text = header.lowercased().filter { !$0.isWhitespace && $0 != "\"" }
        isWeak = text.hasPrefix("w/")
        value = isWeak ? String(text.dropFirst(2)) : text
    }

    /// Whether it is the MD5 of what the store has, and not what a proxy has made of it.
    package var isMD5: Bool {
        !isWeak && value.utf8.count == 32 && value.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
    }
}
