// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Finds the secrets of a text, one after the other.
struct SecretScanner {
    let text: [UInt8]
    /// Whether a space alone separates a name from its value.
    let spacesSeparate: Bool
    private var place = 0

    init(text: [UInt8], spacesSeparate: Bool) {
        self.text = text
        self.spacesSeparate = spacesSeparate
    }

    /// The place of the next secret; nil if there is none.
    mutating func next() -> Range<Int>? {
        while place < text.count {
            guard Self.isWord(text[place]) else {
                if let user = userInformation(at: place) {
                    place = user.upperBound
                    return user
                }
                place += 1
                continue
            }
            let end = self.end(from: place, while: Self.isWord)
            let word = place..<end
            place = end
            if let secret = privateKey(at: word) ?? knownForm(word) ?? value(of: word) {
                place = max(end, secret.upperBound)
                return secret
            }
        }
        return nil
    }

    // MARK: - Values by their names

    private func value(of word: Range<Int>) -> Range<Int>? {
        let name = SecretName(text[word])
        guard name.isSecret || name.isKey, let start = valueStart(after: word, name) else { return nil }
        guard let value = value(from: start), !isHarmless(text[value]) else { return nil }
        return withScheme(value)
    }

    /// Where the value of a name begins; nil if none follows.
    private func valueStart(after word: Range<Int>, _ name: SecretName) -> Int? {
        var index = word.upperBound
        // The quotation mark at the end of a name in JSON, where it may be escaped.
        while let byte = byte(at: index), byte == UInt8(ascii: "\\") || Self.isQuote(byte) { index += 1 }
        let afterQuote = index
        index = end(from: index, while: Self.isSpace)
        guard let byte = byte(at: index) else { return nil }
        if byte == UInt8(ascii: ":") || byte == UInt8(ascii: "=") {
            return end(from: index + 1, while: Self.isSpaceOrNewline)
        }
        if name.isOption, byte == UInt8(ascii: ",") { return end(from: index + 1, while: Self.isSpaceOrNewline) }
        let mayFollow = name.isSecret && (spacesSeparate || name.isOption || name.isBearer)
        return mayFollow && index > afterQuote ? index : nil
    }

    private func value(from start: Int) -> Range<Int>? {
        guard let first = byte(at: start) else { return nil }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return start..<closing(from: start) }
        var start = start
        if first == UInt8(ascii: "\\"), byte(at: start + 1).map(Self.isQuote) == true { start += 1 }
        if let quote = byte(at: start), Self.isQuote(quote) {
            let end = closingQuote(quote, from: start + 1)
            return end > start + 1 ? (start + 1)..<end : nil
        }
        let end = self.end(from: start, while: Self.isBare)
        return end > start ? start..<end : nil
    }

    /// `Basic` and `Bearer` come before what is secret.
    private func withScheme(_ value: Range<Int>) -> Range<Int> {
        let word = String(decoding: text[value], as: UTF8.self).lowercased()
        guard ["basic", "bearer", "token", "negotiate", "digest"].contains(word) else { return value }
        let next = end(from: value.upperBound, while: Self.isSpace)
        return value.lowerBound..<end(from: next, while: Self.isBare)
    }

    /// A value that is no secret: a truth value, or the path of a file.
    private func isHarmless(_ value: ArraySlice<UInt8>) -> Bool {
        let value = String(decoding: value, as: UTF8.self)
        if ["null", "true", "false", "yes", "no", SecretMask.replacement].contains(value) { return true }
        guard value.hasPrefix("/") else { return false }
        return unsafe access(value, F_OK) == 0
    }

    // MARK: - Secrets by their form

    /// The key between the lines of a PEM file.
    private func privateKey(at word: Range<Int>) -> Range<Int>? {
        let marker = Array("-----BEGIN".utf8)
        guard text[word].starts(with: marker) else { return nil }
        let lineEnd = end(from: word.lowerBound) { $0 != UInt8(ascii: "\n") }
        guard String(decoding: text[word.lowerBound..<lineEnd], as: UTF8.self).contains("PRIVATE KEY") else {
            return nil
        }
        var index = lineEnd
        let last = Array("-----END".utf8)
        while index < text.count, !text[index...].starts(with: last) { index += 1 }
        return index > lineEnd ? lineEnd..<index : nil
    }

    /// Tokens of Keystone and keys of AWS, whatever is written before them.
    private func knownForm(_ word: Range<Int>) -> Range<Int>? {
        let isToken = word.count >= 40 && text[word].starts(with: Array("gAAAA".utf8))
        let isKey = word.count == 20 && ["AKIA", "ASIA"].contains { text[word].starts(with: Array($0.utf8)) }
        return isToken || isKey ? word : nil
    }

    /// USER:PASSWORD in a URL.
    private func userInformation(at start: Int) -> Range<Int>? {
        guard text[start...].starts(with: Array("://".utf8)) else { return nil }
        let end = self.end(from: start + 3) { $0 > 0x20 && !#"/@"'?#"#.utf8.contains($0) }
        guard byte(at: end) == UInt8(ascii: "@"), end > start + 3 else { return nil }
        return (start + 3)..<end
    }

    // MARK: - Bytes

    private func byte(at index: Int) -> UInt8? { index < text.count ? text[index] : nil }

    private func end(from start: Int, while isPart: (UInt8) -> Bool) -> Int {
        var index = start
        while index < text.count, isPart(text[index]) { index += 1 }
        return index
    }

    private func closingQuote(_ quote: UInt8, from start: Int) -> Int {
        var index = start
        while index < text.count, text[index] != quote, text[index] != UInt8(ascii: "\n") {
            // An escaped quotation mark ends a value that has begun with one.
            if text[index] == UInt8(ascii: "\\") {
                if text[start - 1] == quote, start >= 2, text[start - 2] == UInt8(ascii: "\\") { return index }
                index += 1
            }
            index += 1
        }
        return min(index, text.count)
    }

    /// The end of an object or a list.
    private func closing(from start: Int) -> Int {
        var (index, depth) = (start, 0)
        while index < text.count {
            let byte = text[index]
            if Self.isQuote(byte) { index = min(text.count - 1, closingQuote(byte, from: index + 1)) }
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") { depth += 1 }
            if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { depth -= 1 }
            index += 1
            if depth == 0 { break }
        }
        return index
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || "_-.".utf8.contains(byte)
    }
    private static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }
    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    private static func isSpaceOrNewline(_ byte: UInt8) -> Bool { isSpace(byte) || byte == 0x0A || byte == 0x0D }
    private static func isBare(_ byte: UInt8) -> Bool { byte > 0x20 && !#",;&"'\}])"#.utf8.contains(byte) }
}
