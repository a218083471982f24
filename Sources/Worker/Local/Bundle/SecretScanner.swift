// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Finds the secrets of a text, one after the other.
struct SecretScanner {
    /// Whether the value of a secret is masked elsewhere, too.
    enum Weight {
        /// It is masked in its place only.
        case masked
        /// It is masked elsewhere unless it looks like an ordinary word.
        case likely
        /// It is masked elsewhere.
        case sure
    }

    /// A secret of the text.
    struct Secret {
        let place: Range<Int>
        let weight: Weight
    }

    /// After a longer value without quotation marks the search continues at its end, which bounds the time.
    private static let longestRescan = 4096

    let text: [UInt8]
    /// Whether a space alone separates a name from its value.
    let spacesSeparate: Bool
    private var place = 0

    init(text: [UInt8], spacesSeparate: Bool) {
        self.text = text
        self.spacesSeparate = spacesSeparate
    }

    /// The next secret, nil if there is none; its place may overlap the one before.
    mutating func next() -> Secret? {
        while place < text.count {
            guard Self.isWord(text[place]) else {
                if let user = userInformation(at: place) {
                    place = user.upperBound
                    let hasPassword = text[user].contains(UInt8(ascii: ":"))
                    return Secret(place: user, weight: hasPassword ? .sure : .likely)
                }
                place += 1
                continue
            }
            let end = self.end(from: place, while: Self.isWord)
            let word = place..<end
            place = end
            if let known = privateKey(at: word) ?? knownForm(word) {
                place = max(end, known.upperBound)
                return Secret(place: known, weight: .likely)
            }
            if let rest = restOfLine(after: word) {
                place = max(end, rest.place.upperBound)
                return rest
            }
            if let secret = value(of: word, name(of: word)) { return secret }
        }
        return nil
    }

    // MARK: - Values by their names

    /// The name of a word, without the letter of an escape such as `\n` before it.
    private func name(of word: Range<Int>) -> SecretName {
        let name = SecretName(text[word])
        guard !name.isSecret, !name.isKey, byte(at: word.lowerBound - 1) == UInt8(ascii: "\\"),
            "nrt".utf8.contains(text[word.lowerBound])
        else { return name }
        return SecretName(text[word].dropFirst())
    }

    private mutating func value(of word: Range<Int>, _ name: SecretName) -> Secret? {
        guard name.isSecret || name.isKey, let start = valueStart(after: word, name) else { return nil }
        guard let value = value(from: start), !isHarmless(text[value]) else { return nil }
        let secret = withScheme(value)
        let before = text[start - 1]
        let isQuoted = value.lowerBound > start || Self.isQuote(before)
        // A value without quotation marks may itself be a name: of an empty value, the next name is found in its place.
        let first = text[value.lowerBound]
        let isWhole = isQuoted || first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        if isWhole || secret.count > Self.longestRescan { place = secret.upperBound }
        let isSure =
            name.isPlainPassword || isAccount(word) || name.isSecret && (isQuoted || before == UInt8(ascii: "="))
        return Secret(place: secret, weight: isSure ? .sure : .likely)
    }

    /// Whether a word is the second one of HAProxy's `stats auth USER:PASSWORD`.
    private func isAccount(_ word: Range<Int>) -> Bool {
        guard text[word].elementsEqual("auth".utf8) else { return false }
        let before = text[max(0, word.lowerBound - 16)..<word.lowerBound].reversed().drop(while: Self.isSpace)
        return before.starts(with: "stats".utf8.reversed())
    }

    /// Where the value of a name begins; nil if none follows.
    private func valueStart(after word: Range<Int>, _ name: SecretName) -> Int? {
        var index = word.upperBound
        // The quotation mark at the end of a name in JSON, where it may be escaped.
        while let byte = byte(at: index), byte == UInt8(ascii: "\\") || Self.isQuote(byte) { index += 1 }
        let afterQuote = index
        index = end(from: index, while: Self.isSpace)
        guard let byte = byte(at: index) else { return nil }
        if byte == UInt8(ascii: ":") || byte == UInt8(ascii: "=") { return startOfValue(from: index + 1) }
        if name.isOption, byte == UInt8(ascii: ",") { return startOfValue(from: index + 1) }
        let mayFollow =
            name.isPassword || isAccount(word) || name.isSecret && (spacesSeparate || name.isOption || name.isBearer)
        return mayFollow && index > afterQuote ? index : nil
    }

    /// The value may be in the next line if that is indented, or has a quotation mark or a bracket first.
    ///
    /// In any other case the next line has a name of its own.
    private func startOfValue(from start: Int) -> Int? {
        let index = end(from: start, while: Self.isSpace)
        guard let next = byte(at: index), Self.isSpaceOrNewline(next) else { return index }
        let later = end(from: index, while: Self.isSpaceOrNewline)
        guard let first = byte(at: later) else { return nil }
        return Self.isSpace(text[later - 1]) || "\"'{[".utf8.contains(first) ? later : nil
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
        let end = bareEnd(from: start)
        return end > start ? start..<end : nil
    }

    /// The end of a value without quotation marks around it; rather too late than too early.
    private func bareEnd(from start: Int) -> Int {
        var index = start
        while let current = byte(at: index) {
            let next = byte(at: index + 1)
            let isLast = next.map { $0 <= 0x20 || !spacesSeparate && #",]}):;"'\"#.utf8.contains($0) } ?? true
            if current <= 0x20 {
                // HAProxy's words may have spaces after a backslash.
                guard current == 0x20, index > start, text[index - 1] == UInt8(ascii: "\\") else { break }
            } else if Self.isQuote(current) {
                // The mark ends a string around the value, or is part of the value.
                if isLast { break }
                let close = end(from: index + 1) { $0 != current && $0 != UInt8(ascii: "\n") }
                if byte(at: close) == current { index = close }
            } else if current == UInt8(ascii: "\\"), next.map(Self.isQuote) == true {
                guard spacesSeparate else { break }
                index += 1
            } else if !spacesSeparate {
                if ",;)]}".utf8.contains(current), isLast { break }
                if current == UInt8(ascii: "&"), isParameter(from: index + 1) { break }
            }
            index += 1
        }
        return min(index, text.count)
    }

    /// Whether the name of a parameter of a URL and an equals sign follow.
    private func isParameter(from start: Int) -> Bool {
        let end = self.end(from: start, while: Self.isWord)
        return end > start && byte(at: end) == UInt8(ascii: "=")
    }

    /// `Basic` and `Bearer` come before what is secret.
    private func withScheme(_ value: Range<Int>) -> Range<Int> {
        let word = String(decoding: text[value], as: UTF8.self).lowercased()
        guard ["basic", "bearer", "token", "negotiate", "digest"].contains(word) else { return value }
        let next = end(from: value.upperBound, while: Self.isSpace)
        return value.lowerBound..<bareEnd(from: next)
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

    func byte(at index: Int) -> UInt8? { text.indices.contains(index) ? text[index] : nil }

    func end(from start: Int, while isPart: (UInt8) -> Bool) -> Int {
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
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    private static func isSpaceOrNewline(_ byte: UInt8) -> Bool { isSpace(byte) || byte == 0x0A || byte == 0x0D }
}
