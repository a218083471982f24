// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The name of a header or a cookie: a token of RFC 9110, without the characters that have a meaning in haproxy.cfg.
public struct HTTPToken: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 128 letters, digits, `-`, `_`, `.`, `~`, `!`, `*`, `+`, `^` or `|`.
    public let description: String

    /// Validates a name.
    ///
    /// - Throws: `InvalidValue` for anything else.
    public init(_ text: String) throws(InvalidValue) {
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy(Self.allows) else {
            throw InvalidValue(
                "must be 1 to 128 letters, digits or -_.~!*+^|, not \(Excerpt.quote(text))"
            )
        }
        description = text
    }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_.~!*+^|".utf8.contains(byte)
        }
    }
}

/// The name of a cookie.
public typealias CookieName = HTTPToken
