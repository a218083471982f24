// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A SHA-256 digest.
public struct SHA256Value: Hashable, Sendable, CustomStringConvertible {
    /// 64 hexadecimal digits in lower case.
    public let description: String

    /// Parses a digest.
    ///
    /// - Parameter text: 64 hexadecimal digits in any case; each pair may be followed by a colon, as OpenSSL prints them.
    /// - Throws: `InvalidValue` for anything else.
    public init(_ text: String) throws(InvalidValue) {
        let digits = text.filter { $0 != ":" }.lowercased()
        guard digits.utf8.count == 64, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }) else {
            throw InvalidValue("must be 64 hexadecimal digits, not \(Excerpt.quote(text))")
        }
        description = digits
    }

    /// Creates a digest from its 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        description = String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self
        )
    }
}
