// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Distinguishes texts by a hash: FNV-1a of 64 bits.
///
/// It guards against accidents, not against forgers.
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    @usableFromInline package var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The fingerprint of an empty text.
    @inlinable
    package init() {}

    /// The fingerprint of a text.
    @inlinable
    package init(_ bytes: some Sequence<UInt8>) { add(bytes) }

    /// Continues with more of the text.
    @inlinable
    package mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    /// A number that differs where texts do, mostly.
    package func number(below limit: Int) -> Int { Int(value % UInt64(limit)) }

    /// Reads what ``description`` gives.
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
