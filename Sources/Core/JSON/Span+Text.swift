// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension Span<UInt8> {
    /// Whether these bytes equal an ASCII text, ignoring the case of its letters.
    ///
    /// Only ASCII is folded: no other character may match a letter.
    ///
    /// - Parameter text: The text.
    func equalsIgnoringCase(_ text: String) -> Bool {
        guard count == text.utf8.count else { return false }
        let text = text.utf8.span
        for index in 0..<count {
            let (byte, other) = (self[index], text[index])
            if byte == other { continue }
            guard (byte | 0x20) &- 0x61 < 26, byte | 0x20 == other | 0x20 else { return false }
        }
        return true
    }

    /// Whether these bytes equal a text of lower-case ASCII letters, ignoring case.
    @inline(__always)
    func isLetters(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        // This bit distinguishes lower from upper case; setting it yields a lower-case letter only for that letter.
        for index in 0..<count where self[index] | 0x20 != text.utf8Start[index] { return false }
        return true
    }

    @inline(__always)
    func allSatisfy(_ predicate: (UInt8) -> Bool) -> Bool {
        for index in 0..<count where !predicate(self[index]) { return false }
        return true
    }

    /// Whether these bytes equal a text.
    func equals(_ text: String) -> Bool {
        guard count == text.utf8.count else { return false }
        let text = text.utf8.span
        for index in 0..<count where self[index] != text[index] { return false }
        return true
    }

    /// Whether these bytes equal a text.
    func equals(_ text: StaticString) -> Bool { count == text.utf8CodeUnitCount && matches(text, from: 0, at: 0) }
}

extension Span<UInt8> {
    /// Up to eight bytes as one number, with the first byte lowest.
    @inline(__always)
    func word(at start: Int, count: Int) -> UInt64 {
        guard start <= self.count &- 8 else {
            var word: UInt64 = 0
            for index in 0..<count { word |= UInt64(self[start + index]) << (index &* 8) }
            return word
        }
        // This load checks its bounds. It is named unsafe because not every type allows every bit pattern.
        let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self))
        return word & ~0 >> (64 &- count &* 8)
    }

    /// Whether the bytes at a position equal a text, from an index of the text on.
    func matches(_ text: StaticString, from first: Int, at start: Int) -> Bool {
        var index = first
        while index < text.utf8CodeUnitCount {
            guard self[start &+ index] == text.utf8Start[index] else { return false }
            index &+= 1
        }
        return true
    }
}

extension String {
    /// Copies bytes known to be ASCII.
    init(ascii text: Span<UInt8>) {
        self.init(unsafeUninitializedCapacity: text.count) { buffer in
            text.withUnsafeBufferPointer { buffer.update(fromContentsOf: $0) }
        }
    }

    /// Copies UTF-8 bytes.
    init(_ text: Span<UInt8>) {
        self = text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
