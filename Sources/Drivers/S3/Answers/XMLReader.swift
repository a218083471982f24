// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Splits an XML document into tags and text, in one pass over its bytes.
struct XMLReader {
    enum Token: Hashable {
        case text(String)
        case start(String)
        /// The end of an element; nil for an empty-element tag.
        case end(String?)
        case invalid
    }

    private static let longestName = 128

    private let bytes: [UInt8]
    private var position = 0
    /// Whether the last tag was an empty-element tag, whose end is the next token.
    private var isEmptyElement = false

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // Skip the byte order mark.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// Returns the next token; nil at the end.
    mutating func next() -> Token? {
        if isEmptyElement {
            isEmptyElement = false
            return .end(nil)
        }
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "<") else { return readText() }
            if skip("<!--") {
                guard skipPast("-->") else { return .invalid }
            } else if skip("<![CDATA[") {
                let start = position
                guard skipPast("]]>") else { return .invalid }
                return .text(String(decoding: bytes[start..<(position - 3)], as: UTF8.self))
            } else if skip("<?") {
                guard skipPast("?>") else { return .invalid }
            } else if skip("<!") {
                return .invalid
            } else {
                return readTag()
            }
        }
        return nil
    }

    private mutating func readText() -> Token {
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") { position += 1 }
        return .text(XMLText.unescaped(String(decoding: bytes[start..<position], as: UTF8.self)))
    }

    private mutating func readTag() -> Token {
        position += 1
        let isEnd = skip("/")
        let start = position
        while position < bytes.count, Self.isOfName(bytes[position]) { position += 1 }
        let qualified = bytes[start..<position]
        guard (1...Self.longestName).contains(qualified.count), skipAttributes() else { return .invalid }
        let local = qualified.lastIndex(of: UInt8(ascii: ":")).map { qualified[($0 + 1)...] } ?? qualified
        let name = String(decoding: local, as: UTF8.self)
        guard !isEnd else { return .end(name) }
        isEmptyElement = bytes[position - 2] == UInt8(ascii: "/")
        return .start(name)
    }

    /// Skips to the end of the tag; an attribute's value may contain `>`.
    private mutating func skipAttributes() -> Bool {
        var quote: UInt8?
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return true
            } else if byte == UInt8(ascii: "<") {
                return false
            }
        }
        return false
    }

    private mutating func skip(_ text: StaticString) -> Bool {
        let text = Array(text.description.utf8)
        guard bytes[position...].starts(with: text) else { return false }
        position += text.count
        return true
    }

    private mutating func skipPast(_ text: StaticString) -> Bool {
        let text = Array(text.description.utf8)
        while position < bytes.count {
            if bytes[position] == text[0], bytes[position...].starts(with: text) {
                position += text.count
                return true
            }
            position += 1
        }
        return false
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: true
        case UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
