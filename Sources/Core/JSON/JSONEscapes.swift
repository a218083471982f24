// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Encodes and decodes JSON's escape sequences.
enum JSONEscapes {
    /// Resolves the escape sequences of a string that the scanner has accepted.
    ///
    /// - Parameter text: The text between the quotes.
    /// - Returns: The string, or nil for an unpaired surrogate, which no string can represent.
    static func resolve(_ text: ArraySlice<UInt8>) -> String? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var rest = text
        while let piece = nextPiece(&rest) {
            switch piece {
            case .byte(let byte): result.append(byte)
            case .scalar(let scalar): result.append(contentsOf: scalar.utf8)
            case .halfPair: return nil
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Resolves the escape sequences of a string that the scanner has accepted.
    static func resolve(_ text: Span<UInt8>) -> String? {
        resolve(text.withUnsafeBufferPointer { Array($0) }[...])
    }

    /// Whether a string, with its escape sequences resolved, equals another.
    ///
    /// It makes no copy and stops at the first difference: a message may contain a million names.
    static func matches(_ text: ArraySlice<UInt8>, _ other: some Sequence<UInt8>) -> Bool {
        var expected = other.makeIterator()
        var rest = text
        while let piece = nextPiece(&rest) {
            switch piece {
            case .byte(let byte): guard expected.next() == byte else { return false }
            case .scalar(let scalar):
                for byte in scalar.utf8 { guard expected.next() == byte else { return false } }
            case .halfPair: return false
            }
        }
        return expected.next() == nil
    }

    /// Appends a quoted string, with the characters escaped that JSON does not allow.
    static func append(_ string: some StringProtocol, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20, 0x7F:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The meaning of a byte or an escape sequence.
    private enum Piece {
        case byte(UInt8)
        case scalar(Unicode.Scalar)
        case halfPair
    }

    private static func nextPiece(_ rest: inout ArraySlice<UInt8>) -> Piece? {
        guard let byte = rest.popFirst() else { return nil }
        guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else { return .byte(byte) }
        switch escape {
        case UInt8(ascii: "b"): return .byte(0x08)
        case UInt8(ascii: "f"): return .byte(0x0C)
        case UInt8(ascii: "n"): return .byte(0x0A)
        case UInt8(ascii: "r"): return .byte(0x0D)
        case UInt8(ascii: "t"): return .byte(0x09)
        case UInt8(ascii: "u"): return scalar(&rest).map(Piece.scalar) ?? .halfPair
        default: return .byte(escape)
        }
    }

    private static func scalar(_ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar? {
        let first = codeUnit(&rest)
        guard first & 0xF800 == 0xD800 else { return Unicode.Scalar(first) }
        guard first < 0xDC00, rest.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else { return nil }
        rest.removeFirst(2)
        let second = codeUnit(&rest)
        guard second & 0xFC00 == 0xDC00 else { return nil }
        return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + (second & 0x3FF))
    }

    private static func codeUnit(_ rest: inout ArraySlice<UInt8>) -> UInt32 {
        var value: UInt32 = 0
        for byte in rest.prefix(4) {
            let digit = byte < UInt8(ascii: "A") ? byte &- UInt8(ascii: "0") : (byte | 0x20) &- UInt8(ascii: "a") &+ 10
            value = value << 4 | UInt32(digit)
        }
        rest = rest.dropFirst(4)
        return value
    }
}
