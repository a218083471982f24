// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The single pass over a payload that fills a ``JSONDocument``: RFC 8259 to the letter, without recursion.
struct JSONScanner {
    private(set) var nodes: [JSONNode] = []
    /// The indices of the objects and arrays that are open.
    private var open: [Int] = []
    private var position = 0

    init(count: Int) {
        nodes.reserveCapacity(min(count / 8 + 4, 4096))
        open.reserveCapacity(16)
    }

    mutating func scan(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        skipWhiteSpace(bytes)
        guard position < bytes.count else { throw JSONSyntaxError("is empty", at: position) }
        guard bytes[position] == UInt8(ascii: "{") else {
            throw JSONSyntaxError("is not a JSON object", at: position)
        }
        try scanValue(bytes)
        while let container = open.last {
            if nodes[container].kind == .object {
                try scanMember(bytes, of: container)
            } else {
                try scanElement(bytes, of: container)
            }
        }
        skipWhiteSpace(bytes)
        guard position == bytes.count else { throw JSONSyntaxError("goes on after its JSON object", at: position) }
        // Last, so that the common reasons have their own words; without copying.
        do { _ = try UTF8Span(validating: bytes) } catch {
            throw JSONSyntaxError("is not valid UTF-8", at: error.byteOffsets.lowerBound)
        }
    }

    private mutating func scanMember(_ bytes: Span<UInt8>, of container: Int) throws(JSONSyntaxError) {
        guard try !closes(bytes, container, with: UInt8(ascii: "}")) else { return }
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            throw unexpected(bytes, "a member name in quotes")
        }
        try scanString(bytes, plain: .name, escaped: .escapedName)
        skipWhiteSpace(bytes)
        guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw unexpected(bytes, "a colon") }
        position += 1
        nodes[container].count += 1
        try scanValue(bytes)
    }

    private mutating func scanElement(_ bytes: Span<UInt8>, of container: Int) throws(JSONSyntaxError) {
        guard try !closes(bytes, container, with: UInt8(ascii: "]")) else { return }
        nodes[container].count += 1
        try scanValue(bytes)
    }

    /// Takes the bracket that ends the container, or else the comma before its next entry.
    private mutating func closes(
        _ bytes: Span<UInt8>,
        _ container: Int,
        with bracket: UInt8
    ) throws(JSONSyntaxError)
        -> Bool
    {
        skipWhiteSpace(bytes)
        if position < bytes.count, bytes[position] == bracket {
            position += 1
            nodes[container].end = Int32(truncatingIfNeeded: position)
            nodes[container].next = Int32(truncatingIfNeeded: nodes.count)
            open.removeLast()
            return true
        }
        if nodes[container].count > 0 {
            guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else {
                throw unexpected(bytes, "a comma or the end of the \(nodes[container].kind)")
            }
            position += 1
            skipWhiteSpace(bytes)
        }
        return false
    }

    private mutating func scanValue(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        skipWhiteSpace(bytes)
        guard position < bytes.count else { throw unexpected(bytes, "a value") }
        switch bytes[position] {
        case UInt8(ascii: "\""): try scanString(bytes, plain: .string, escaped: .escapedString)
        case UInt8(ascii: "{"): try openContainer(.object)
        case UInt8(ascii: "["): try openContainer(.array)
        case UInt8(ascii: "t"): try scanLiteral(bytes, "true", .true)
        case UInt8(ascii: "f"): try scanLiteral(bytes, "false", .false)
        case UInt8(ascii: "n"): try scanLiteral(bytes, "null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try scanNumber(bytes)
        default: throw unexpected(bytes, "a value")
        }
    }

    private mutating func openContainer(_ kind: JSONNode.Kind) throws(JSONSyntaxError) {
        guard open.count < JSONDocument.maximumDepth else {
            throw JSONSyntaxError("is nested deeper than \(JSONDocument.maximumDepth) levels", at: position)
        }
        open.append(nodes.count)
        append(kind, from: position, to: position)
        position += 1
    }

    private mutating func scanLiteral(
        _ bytes: Span<UInt8>,
        _ literal: StaticString,
        _ kind: JSONNode.Kind
    )
        throws(JSONSyntaxError)
    {
        let start = position
        let matches = literal.withUTF8Buffer { expected in
            start + expected.count <= bytes.count && expected.indices.allSatisfy { bytes[start + $0] == expected[$0] }
        }
        guard matches else { throw unexpected(bytes, "a value") }
        position += literal.utf8CodeUnitCount
        append(kind, from: start, to: position)
    }

    private mutating func scanNumber(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let leadingZero = position < bytes.count && bytes[position] == UInt8(ascii: "0")
        let digits = skipDigits(bytes)
        guard digits > 0, !leadingZero || digits == 1 else {
            throw JSONSyntaxError("has a malformed number", at: start)
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            guard skipDigits(bytes) > 0 else { throw JSONSyntaxError("has a malformed number", at: start) }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            guard skipDigits(bytes) > 0 else { throw JSONSyntaxError("has a malformed number", at: start) }
        }
        append(.number, from: start, to: position)
    }

    private mutating func skipDigits(_ bytes: Span<UInt8>) -> Int {
        let start = position
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        return position - start
    }

    private mutating func scanString(
        _ bytes: Span<UInt8>,
        plain: JSONNode.Kind,
        escaped: JSONNode.Kind
    )
        throws(JSONSyntaxError)
    {
        position += 1
        let start = position
        var kind = plain
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                append(kind, from: start, to: position)
                position += 1
                return
            }
            guard byte >= 0x20 else {
                throw JSONSyntaxError("has a control character within a string", at: position)
            }
            position += 1
            if byte == UInt8(ascii: "\\") {
                kind = escaped
                try scanEscape(bytes)
            }
        }
        throw JSONSyntaxError("has a string without an end", at: start - 1)
    }

    private mutating func scanEscape(_ bytes: Span<UInt8>) throws(JSONSyntaxError) {
        guard position < bytes.count else { throw unexpected(bytes, "an escape sequence") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard position < bytes.count, isHexDigit(bytes[position]) else {
                    throw unexpected(bytes, "four hexadecimal digits")
                }
                position += 1
            }
        default:
            throw JSONSyntaxError("has an unknown escape sequence", at: position - 2)
        }
    }

    private func isHexDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 6
    }

    private mutating func append(_ kind: JSONNode.Kind, from start: Int, to end: Int) {
        nodes.append(
            JSONNode(
                kind: kind,
                start: Int32(truncatingIfNeeded: start),
                end: Int32(truncatingIfNeeded: end),
                next: Int32(truncatingIfNeeded: nodes.count + 1)
            )
        )
    }

    private mutating func skipWhiteSpace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private func unexpected(_ bytes: Span<UInt8>, _ wanted: String) -> JSONSyntaxError {
        let found = position < bytes.count ? "has something else than" : "ends before"
        return JSONSyntaxError("is not valid JSON: it \(found) \(wanted)", at: position)
    }
}
