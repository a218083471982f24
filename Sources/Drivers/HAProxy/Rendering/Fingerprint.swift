// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Tells one text from another: FNV-1a of 64 bits.
///
/// It guards against accidents, not against forgers.
struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// That of an empty text.
    init() {}

    init(_ bytes: some Sequence<UInt8>) { add(bytes) }

    /// Goes on with more of the text.
    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    /// A number that differs where texts do, mostly.
    func number(below limit: Int) -> Int { Int(value % UInt64(limit)) }

    /// Reads what ``description`` gives.
    init?(_ text: some StringProtocol) {
        guard text.utf8.count == 16, let value = UInt64(text, radix: 16) else { return nil }
        self.value = value
    }

    /// Sixteen hexadecimal digits.
    var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
