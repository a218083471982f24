// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The numbers of JSON5: JSON's, and with a `+`, with a leading or trailing decimal point, hexadecimal, or infinite.
enum JSON5Number {
    static func begins(with scalar: Unicode.Scalar) -> Bool {
        ("0"..."9").contains(scalar) || ["+", "-", "."].contains(scalar) || scalar == "I" || scalar == "N"
    }

    /// Whether a scalar can continue a number.
    static func contains(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || begins(with: scalar))
    }

    /// - Returns: nil if the text is not a number. A whole number beyond 64 bits is a `Double`.
    static func value(of text: String) -> SettingValue? {
        var digits = Substring(text)
        let isNegative = digits.first == "-"
        if isNegative || digits.first == "+" { digits = digits.dropFirst() }
        switch digits {
        case "Infinity": return .number(isNegative ? -.infinity : .infinity)
        case "NaN": return .number(.nan)
        default: break
        }
        let sign = isNegative ? "-" : ""
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
            guard let first = digits.dropFirst(2).first, first.isHexDigit else { return nil }
            return Int(sign + digits.dropFirst(2), radix: 16).map(SettingValue.integer)
        }
        guard digits.wholeMatch(of: /((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?/) != nil else {
            return nil
        }
        if let integer = Int(sign + digits) { return .integer(integer) }
        // Swift does not parse a leading or trailing decimal point.
        let point = digits.firstIndex(of: ".")
        var padded = digits.hasPrefix(".") ? "0\(digits)" : String(digits)
        if let point, !digits[digits.index(after: point)...].hasPrefix("0"),
            digits[digits.index(after: point)...].first?.isNumber != true
        {
            padded = padded.replacing(".", with: ".0")
        }
        return Double(sign + padded).map { value in
            // For example `80.0` for 80, which JSON parsers accept as whole.
            Int(exactly: value).map(SettingValue.integer) ?? .number(value)
        }
    }
}
