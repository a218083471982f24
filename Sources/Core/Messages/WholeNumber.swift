// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Parses whole numbers in a message.
enum WholeNumber {
    /// Parses a number.
    ///
    /// - Parameters:
    ///   - text: A JSON number, or the contents of a string.
    ///   - isString: Whether it is a string, which must contain only digits.
    /// - Throws: `InvalidValue` for anything but a whole number, and for one that exceeds an `Int`.
    static func parse(_ text: Span<UInt8>, isString: Bool) throws(InvalidValue) -> Int {
        let isNegative = !isString && text.count > 0 && text[0] == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        var position = start
        var number = 0
        while position < text.count {
            let digit = Int(text[position] &- UInt8(ascii: "0"))
            guard digit < 10 else { break }
            guard number < Int.max / 10 || number == Int.max / 10 && digit <= Int.max % 10 else {
                throw InvalidValue("is too large a number, \(Excerpt.quote(String(text)))")
            }
            number = number &* 10 &+ digit
            position &+= 1
        }
        guard position > start, position == text.count || !isString && isZeroFraction(text, from: position) else {
            throw InvalidValue("must be a whole number, not \(Excerpt.quote(String(text)))")
        }
        return isNegative ? -number : number
    }

    /// Whether the rest of a JSON number is a fraction of zeros.
    private static func isZeroFraction(_ text: Span<UInt8>, from point: Int) -> Bool {
        guard text[point] == UInt8(ascii: ".") else { return false }
        for position in point + 1..<text.count where text[position] != UInt8(ascii: "0") { return false }
        return true
    }
}
