// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// HAProxy's lines that may have a secret without a name of its own: headers, variables, and what they are compared with.
extension SecretScanner {
    private static let named: Set<String> = [
        "set-header", "add-header", "replace-header", "replace-value", "setenv", "presetenv", "hdr",
    ]
    private static let fetches = ["hdr", "cook", "urlp", "url_param", "body_param", "set-var"]

    /// The rest of such a line; the whole of it is masked, because its conditions may name the value again.
    func restOfLine(after word: Range<Int>) -> Secret? {
        guard 2...40 ~= word.count else { return nil }
        let text = String(decoding: self.text[word], as: UTF8.self).lowercased()
        let after = byte(at: word.upperBound)
        if text.hasSuffix("authorization") {
            guard spacesSeparate, let after, " \t:\\".utf8.contains(after) else { return nil }
            return rest(from: after == UInt8(ascii: ":") ? word.upperBound + 1 : word.upperBound, .likely)
        }
        if after == UInt8(ascii: "("), Self.fetches.contains(where: { text.contains($0) }) {
            // The limit bounds the time for a text with many opening parentheses.
            let limit = min(self.text.count, word.upperBound + 256)
            guard let close = self.text[word.upperBound..<limit].firstIndex(of: UInt8(ascii: ")")) else {
                return rest(from: word.upperBound, .masked)
            }
            return rest(from: close + 1, .masked)
        }
        guard let next = after, Self.isSpace(next) else { return nil }
        if text == "dynamic-cookie-key" { return rest(from: word.upperBound, .likely) }
        guard Self.named.contains(text) || text == "-m" else { return nil }
        let start = end(from: word.upperBound, while: Self.isSpace)
        let nameEnd = end(from: start) { $0 > 0x20 }
        let header = SecretName(self.text[start..<nameEnd])
        return rest(from: nameEnd, header.isSecret || header.isKey ? .likely : .masked)
    }

    private func rest(from start: Int, _ weight: Weight) -> Secret? {
        let start = end(from: start, while: Self.isSpace)
        var index = start
        while let current = byte(at: index), current != UInt8(ascii: "\n"), current != UInt8(ascii: "\r") {
            if !spacesSeparate, isEndOfString(index) { break }
            index += 1
        }
        return index > start ? Secret(place: start..<index, weight: weight) : nil
    }

    /// Whether a quotation mark ends a string of a JSON text, of which the line is a part.
    private func isEndOfString(_ index: Int) -> Bool {
        guard byte(at: index) == UInt8(ascii: "\""), byte(at: index - 1) != UInt8(ascii: "\\") else { return false }
        return byte(at: index + 1).map { ",]}\r\n".utf8.contains($0) } ?? true
    }
}
