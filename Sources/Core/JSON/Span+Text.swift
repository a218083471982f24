// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension Span<UInt8> {
    /// Whether these bytes are a text of ASCII, without regard to the case of ASCII letters.
    ///
    /// ASCII alone is folded: no other character may pass for a letter.
    ///
    /// - Parameter other: The text.
    func equalsIgnoringCase(_ other: String) -> Bool {
        let other = other.utf8.span
        guard count == other.count else { return false }
        for index in 0..<count where self[index].asciiUppercased != other[index].asciiUppercased { return false }
        return true
    }

    @inline(__always)
    func allSatisfy(_ predicate: (UInt8) -> Bool) -> Bool {
        for index in 0..<count where !predicate(self[index]) { return false }
        return true
    }

    /// Whether these bytes are those of a text.
    func equals(_ other: StaticString) -> Bool {
        guard count == other.utf8CodeUnitCount else { return false }
        return other.withUTF8Buffer { expected in
            for index in 0..<count where self[index] != expected[index] { return false }
            return true
        }
    }
}

extension Span<UInt8> {
    /// The first eight bytes of a range, or all where there are fewer, as one number whose lowest byte is the first.
    @inline(__always)
    func word(at range: Range<Int>) -> UInt64 {
        let count = Swift.min(range.count, 8)
        guard range.lowerBound <= self.count - 8 else {
            var word: UInt64 = 0
            for index in 0..<count { word |= UInt64(self[range.lowerBound + index]) << (index * 8) }
            return word
        }
        let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self))
        return count == 8 ? word : word & ~(~0 << (count * 8))
    }
}

extension UInt8 {
    /// The byte, or the upper-case letter where it is a lower-case one of ASCII.
    var asciiUppercased: UInt8 { 0x61...0x7A ~= self ? self & 0xDF : self }
}

extension String {
    /// Copies bytes that were found to be ASCII.
    init(ascii text: Span<UInt8>) {
        self.init(copying: UTF8Span(unchecked: text, isKnownASCII: true))
    }

    /// Copies bytes of UTF-8.
    init(_ text: Span<UInt8>) {
        self = text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
