// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The single pass over a payload that fills a ``JSONDocument``: strict RFC 8259, without recursion.
///
/// The position is a local variable that each step takes and returns, so that it stays in a register. It cannot
/// overflow: a document is at most 2 GiB long.
struct JSONScanner {
    /// An object or array that is not closed yet.
    private struct Container {
        let index: Int
        let kind: JSONNode.Kind
        var count: Int32 = 0

        var end: UInt8 { kind == .object ? UInt8(ascii: "}") : UInt8(ascii: "]") }
    }

    private(set) var nodes: [JSONNode] = []
    /// The enclosing containers, the outermost first.
    private var outer: [Container] = []

    init(count: Int) {
        nodes.reserveCapacity(min(count / 8 + 4, 4096))
    }

    mutating func scan(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        var position = Self.skipWhiteSpace(bytes, 0)
        guard position < bytes.count else { throw JSONSyntaxError("the text is empty", at: position) }
        guard bytes[position] == UInt8(ascii: "{") else {
            throw JSONSyntaxError("expected an object", at: position)
        }
        position = try scanObject(bytes, position)
        position = Self.skipWhiteSpace(bytes, position)
        guard position == bytes.count else {
            throw JSONSyntaxError("expected the end of the text after the object", at: position)
        }
        // Last, so that common errors have their own message; without copying.
        do { _ = try UTF8Span(validating: bytes) } catch {
            throw JSONSyntaxError("invalid UTF-8", at: error.byteOffsets.lowerBound)
        }
    }

    /// Scans the message's object with its contents: one member or element per iteration.
    private mutating func scanObject(_ bytes: Span<UInt8>, _ start: Int) throws(JSONSyntaxError) -> Int {
        var container = Container(index: nodes.count, kind: .object)
        append(.object, from: start, to: start, name: JSONNode.Name())
        var position = start + 1
        while true {
            position = Self.skipWhiteSpace(bytes, position)
            if Self.byte(bytes, position) == container.end {
                position &+= 1
                nodes[container.index].end = Int32(truncatingIfNeeded: position)
                nodes[container.index].next = Int32(truncatingIfNeeded: nodes.count)
                nodes[container.index].count = container.count
                guard let around = outer.popLast() else { return position }
                container = around
                continue
            }
            if container.count > 0 {
                guard Self.byte(bytes, position) == UInt8(ascii: ",") else {
                    throw Self.unexpected(bytes, position, "',' or '\(Character(UnicodeScalar(container.end)))'")
                }
                position = Self.skipWhiteSpace(bytes, position &+ 1)
            }
            var name = JSONNode.Name()
            if container.kind == .object { (name, position) = try Self.scanName(bytes, position) }
            container.count &+= 1
            let start = position
            switch Self.byte(bytes, start) {
            case UInt8(ascii: "\""):
                let isEscaped = try Self.skipString(bytes, start, &position)
                append(isEscaped ? .escapedString : .string, from: start &+ 1, to: position &- 1, name: name)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                position = try Self.skipNumber(bytes, start)
                append(.number, from: start, to: position, name: name)
            case UInt8(ascii: "{"):
                container = try open(.object, in: container, start, name)
                position &+= 1
            case UInt8(ascii: "["):
                container = try open(.array, in: container, start, name)
                position &+= 1
            case UInt8(ascii: "t"):
                position = try Self.skip("true", bytes, start)
                append(.true, from: start, to: position, name: name)
            case UInt8(ascii: "f"):
                position = try Self.skip("false", bytes, start)
                append(.false, from: start, to: position, name: name)
            case UInt8(ascii: "n"):
                position = try Self.skip("null", bytes, start)
                append(.null, from: start, to: position, name: name)
            default: throw Self.unexpected(bytes, start, "a value")
            }
        }
    }

    private mutating func open(
        _ kind: JSONNode.Kind,
        in container: Container,
        _ position: Int,
        _ name: JSONNode.Name
    ) throws(JSONSyntaxError) -> Container {
        // The outer containers, the current one, and the new one.
        guard outer.count + 2 <= JSONDocument.maximumDepth else {
            throw JSONSyntaxError("nested deeper than \(JSONDocument.maximumDepth) levels", at: position)
        }
        outer.append(container)
        append(kind, from: position, to: position, name: name)
        return Container(index: nodes.count - 1, kind: kind)
    }

    /// Scans a member's name and its colon.
    ///
    /// - Returns: The name, and the start of the member's value.
    @inline(__always)
    private static func scanName(
        _ bytes: Span<UInt8>,
        _ start: Int
    ) throws(JSONSyntaxError) -> (JSONNode.Name, Int) {
        guard Self.byte(bytes, start) == UInt8(ascii: "\"") else {
            throw Self.unexpected(bytes, start, "a member name in double quotes")
        }
        var position = start
        let isEscaped = try skipString(bytes, start, &position)
        let name = JSONNode.Name(
            start: Int32(truncatingIfNeeded: start + 1),
            end: Int32(truncatingIfNeeded: position - 1),
            isEscaped: isEscaped
        )
        position = Self.skipWhiteSpace(bytes, position)
        guard Self.byte(bytes, position) == UInt8(ascii: ":") else {
            throw Self.unexpected(bytes, position, "':'")
        }
        return (name, Self.skipWhiteSpace(bytes, position &+ 1))
    }

    /// Moves the position from a string's opening quote past its closing quote.
    ///
    /// - Returns: Whether the string contains escape sequences.
    @inline(__always)
    private static func skipString(
        _ bytes: Span<UInt8>,
        _ quote: Int,
        _ position: inout Int
    ) throws(JSONSyntaxError) -> Bool {
        position = skipPlainText(bytes, quote &+ 1)
        guard Self.byte(bytes, position) != UInt8(ascii: "\"") else {
            position &+= 1
            return false
        }
        try skipEscapedText(bytes, quote, &position)
        return true
    }

    /// Moves the position from within a string past its closing quote.
    private static func skipEscapedText(
        _ bytes: Span<UInt8>,
        _ quote: Int,
        _ position: inout Int
    ) throws(JSONSyntaxError) {
        while true {
            guard position < bytes.count else { throw JSONSyntaxError("unterminated string", at: quote) }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position &+= 1
                return
            case UInt8(ascii: "\\"): position = try Self.skipEscape(bytes, position &+ 1)
            default: throw JSONSyntaxError("unescaped control character in a string", at: position)
            }
            position = skipPlainText(bytes, position)
        }
    }

    @inline(__always)
    private mutating func append(_ kind: JSONNode.Kind, from start: Int, to end: Int, name: JSONNode.Name) {
        nodes.append(
            JSONNode(
                kind: kind,
                start: Int32(truncatingIfNeeded: start),
                end: Int32(truncatingIfNeeded: end),
                next: Int32(truncatingIfNeeded: nodes.count &+ 1),
                name: name
            )
        )
    }
}

// MARK: - Steps without state

extension JSONScanner {
    /// The byte at a position; NUL at the end, because JSON's grammar has no NUL.
    @inline(__always)
    private static func byte(_ bytes: Span<UInt8>, _ position: Int) -> UInt8 {
        position < bytes.count ? bytes[position] : 0
    }

    @inline(__always)
    private static func skipWhiteSpace(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var position = start
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position &+= 1
            default: return position
            }
        }
        return position
    }

    /// Finds the next quote, backslash or control character of a string, eight bytes at a time.
    @inline(never)
    private static func skipPlainText(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var position = start
        while position <= bytes.count &- 8 {
            let word = bytes.word(at: position, count: 8)
            // In each term, the lowest high bit set belongs to the first matching byte.
            let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let found =
                ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | (word &- ones &* 0x20) & ~word)
                & (ones << 7)
            if found != 0 { return position &+ found.trailingZeroBitCount / 8 }
            position &+= 8
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            position &+= 1
        }
        return position
    }

    @inline(__always)
    private static func skipDigits(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var position = start
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position &+= 1 }
        return position
    }

    private static func skip(_ literal: StaticString, _ bytes: Span<UInt8>, _ start: Int) throws(JSONSyntaxError) -> Int
    {
        let end = start + literal.utf8CodeUnitCount
        guard end <= bytes.count, bytes.extracting(start..<end).equals(literal) else {
            throw unexpected(bytes, start, "a value")
        }
        return end
    }

    @inline(__always)
    private static func skipNumber(_ bytes: Span<UInt8>, _ start: Int) throws(JSONSyntaxError) -> Int {
        let first = byte(bytes, start) == UInt8(ascii: "-") ? start + 1 : start
        var position = skipDigits(bytes, first)
        let isPadded = position - first > 1 && bytes[first] == UInt8(ascii: "0")
        guard position > first, !isPadded else { throw JSONSyntaxError("malformed number", at: start) }
        if byte(bytes, position) == UInt8(ascii: ".") {
            position = try skipSomeDigits(bytes, position + 1, of: start)
        }
        if byte(bytes, position) | 0x20 == UInt8(ascii: "e") {
            position &+= 1
            let sign = byte(bytes, position)
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position &+= 1 }
            position = try skipSomeDigits(bytes, position, of: start)
        }
        return position
    }

    private static func skipSomeDigits(
        _ bytes: Span<UInt8>,
        _ start: Int,
        of number: Int
    ) throws(JSONSyntaxError) -> Int {
        let end = skipDigits(bytes, start)
        guard end > start else { throw JSONSyntaxError("malformed number", at: number) }
        return end
    }

    private static func skipEscape(_ bytes: Span<UInt8>, _ start: Int) throws(JSONSyntaxError) -> Int {
        guard start < bytes.count else { throw unexpected(bytes, start, "an escape sequence") }
        switch bytes[start] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 1
        case UInt8(ascii: "u"):
            for position in start + 1..<start + 5 where !isHexDigit(byte(bytes, position)) {
                throw unexpected(bytes, position, "four hexadecimal digits")
            }
            return start + 5
        default:
            throw JSONSyntaxError("unknown escape sequence", at: start - 1)
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 6
    }

    private static func unexpected(_ bytes: Span<UInt8>, _ position: Int, _ wanted: String) -> JSONSyntaxError {
        let found = position < bytes.count ? "" : ", found the end"
        return JSONSyntaxError("expected \(wanted)\(found)", at: position)
    }
}
