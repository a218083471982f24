// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A JSON5 text and the current position.
struct JSON5Text {
    private let scalars: [Unicode.Scalar]
    private var index = 0

    /// - Throws: `JSON5Error` if the bytes are not UTF-8.
    init(_ bytes: [UInt8]) throws(JSON5Error) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let valid = String(decoding: bytes, as: UTF8.self).unicodeScalars.prefix { $0 != "\u{FFFD}" }
            throw JSON5Error(position: Self.position(after: valid), problem: "invalid UTF-8")
        }
        scalars = Array(text.unicodeScalars)
    }

    /// The next scalar; nil at the end.
    var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    /// The number of scalars consumed.
    var offset: Int { index }

    /// - Parameter offset: The position of the error; nil for the next scalar.
    func error(_ problem: String, at offset: Int? = nil) -> JSON5Error {
        JSON5Error(position: position(at: offset ?? index), problem: problem)
    }

    func position(at offset: Int) -> JSON5Error.Position { Self.position(after: scalars[..<offset]) }

    func expected(_ wanted: String) -> JSON5Error {
        let found = next.map { Excerpt.quote(String(Character($0))) } ?? "the end of the file"
        return error("expected \(wanted), found \(found)")
    }

    mutating func skip() { index += 1 }

    /// Consumes a scalar.
    ///
    /// - Returns: false if the next scalar differs.
    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        index += 1
        return true
    }

    /// Skips white space and comments.
    mutating func skipSpace() throws(JSON5Error) {
        while let scalar = next {
            if Self.isSpace(scalar) {
                index += 1
            } else if scalar == "/", second == "/" {
                while let scalar = next, !Self.endsLine(scalar) { index += 1 }
            } else if scalar == "/", second == "*" {
                let start = index
                index += 2
                while !(next == "*" && second == "/") {
                    guard next != nil else { throw error("unterminated comment", at: start) }
                    index += 1
                }
                index += 2
            } else {
                return
            }
        }
    }

    mutating func takeNumber() -> String {
        var number = String.UnicodeScalarView()
        while let scalar = next, JSON5Number.contains(scalar) {
            number.append(scalar)
            index += 1
        }
        return String(number)
    }

    static func beginsName(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "$" || scalar == "_" || scalar == "\\" || scalar.properties.isIDStart
    }

    /// Parses a name without quotes.
    mutating func takeName() throws(JSON5Error) -> String {
        var name = String.UnicodeScalarView()
        while let scalar = next {
            if scalar == "\\" {
                let start = index
                index += 1
                guard take("u"), let scalar = hexadecimal(4) else {
                    throw error("unknown escape sequence in a name", at: start)
                }
                name.append(scalar)
            } else if scalar == "$" || scalar == "\u{200C}" || scalar == "\u{200D}" || scalar.properties.isIDContinue {
                name.append(scalar)
                index += 1
            } else {
                break
            }
        }
        return String(name)
    }

    /// Parses a string in single or double quotes.
    mutating func takeString() throws(JSON5Error) -> String {
        let (start, quote) = (index, next)
        index += 1
        var string = String.UnicodeScalarView()
        while let scalar = next {
            if scalar == quote {
                index += 1
                return String(string)
            }
            if scalar == "\n" || scalar == "\r" { break }
            if scalar == "\\" {
                if let escaped = try takeEscape() { string.append(escaped) }
            } else {
                string.append(scalar)
                index += 1
            }
        }
        throw error("unterminated string", at: start)
    }

    /// - Returns: nil for a line continuation.
    private mutating func takeEscape() throws(JSON5Error) -> Unicode.Scalar? {
        let start = index
        func unknown() -> JSON5Error { error("unknown escape sequence", at: start) }
        index += 1
        guard let scalar = next else { throw error("unterminated string") }
        index += 1
        switch scalar {
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{B}"
        case "0" where next.map { !("0"..."9").contains($0) } ?? true: return "\0"
        case "\r":
            _ = take("\n")
            return nil
        case "\n", "\u{2028}", "\u{2029}": return nil
        case "x":
            guard let scalar = hexadecimal(2) else { throw unknown() }
            return scalar
        case "u":
            guard let scalar = utf16() else { throw unknown() }
            return scalar
        case "0"..."9": throw unknown()
        default: return scalar
        }
    }

    private mutating func utf16() -> Unicode.Scalar? {
        guard let first = number(4) else { return nil }
        guard 0xD800...0xDBFF ~= first else { return Unicode.Scalar(first) }
        guard take("\\"), take("u"), let second = number(4), 0xDC00...0xDFFF ~= second else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private mutating func hexadecimal(_ count: Int) -> Unicode.Scalar? { number(count).flatMap { Unicode.Scalar($0) } }

    private mutating func number(_ count: Int) -> UInt32? {
        guard scalars.count - index >= count else { return nil }
        let digits = scalars[index..<index + count]
        guard digits.allSatisfy(\.properties.isASCIIHexDigit) else { return nil }
        index += count
        return UInt32(String(String.UnicodeScalarView(digits)), radix: 16)
    }

    private var second: Unicode.Scalar? { index + 1 < scalars.count ? scalars[index + 1] : nil }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\t", "\u{B}", "\u{C}", "\u{FEFF}": true
        default: endsLine(scalar) || scalar.properties.generalCategory == .spaceSeparator
        }
    }

    private static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\n" || scalar == "\r" || scalar == "\u{2028}" || scalar == "\u{2029}"
    }

    private static func position(after text: some BidirectionalCollection<Unicode.Scalar>) -> JSON5Error.Position {
        let lines = text.count { $0 == "\n" }
        let column = text.reversed().prefix { $0 != "\n" }.count
        return JSON5Error.Position(line: lines + 1, column: column + 1)
    }
}
