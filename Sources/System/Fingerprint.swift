// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A 64-bit FNV-1a hash that identifies texts.
///
/// It detects accidental differences, not forgery.
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    @usableFromInline package var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// Creates the fingerprint of an empty text.
    @inlinable
    package init() {}

    /// Creates the fingerprint of a text.
    @inlinable
    package init(_ bytes: some Sequence<UInt8>) { add(bytes) }

    /// Adds more of the text.
    @inlinable
    package mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    /// Returns a number below the limit that differs for most different texts.
    package func number(below limit: Int) -> Int { Int(value % UInt64(limit)) }

    /// Parses ``description``.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 16, let value = UInt64(text, radix: 16) else { return nil }
        self.value = value
    }

    /// Sixteen hexadecimal digits.
    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
