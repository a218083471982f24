// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The words of haproxy.cfg as HAProxy's parser separates them, according to its manual (section 2.2).
enum HAProxyTokens {
    /// The words of each line; nil for a text with a syntax error, or with a variable of the environment.
    ///
    /// Comments are not included, nor is the line with the fingerprint.
    static func lines(_ text: String) -> [[[UInt8]]]? {
        var lines: [[[UInt8]]] = []
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            guard let words = words(line) else { return nil }
            if !words.isEmpty, words[0] != Array("set-var".utf8) { lines.append(words) }
        }
        return lines
    }

    private static func words(_ line: Substring.UTF8View.SubSequence) -> [[UInt8]]? {
        var words: [[UInt8]] = []
        var word: [UInt8]?
        var quote: UInt8?
        var rest = line
        while let byte = rest.popFirst() {
            switch (byte, quote) {
            case (UInt8(ascii: "'"), nil), (UInt8(ascii: "\""), nil):
                quote = byte
                word = word ?? []
            case (quote, _): quote = nil
            case (_, UInt8(ascii: "'")): word = (word ?? []) + [byte]
            case (UInt8(ascii: "\\"), _):
                // The configuration has `\'` only.
                guard rest.popFirst() == UInt8(ascii: "'") else { return nil }
                word = (word ?? []) + [UInt8(ascii: "'")]
            case (UInt8(ascii: "$"), UInt8(ascii: "\"")): return nil
            case (UInt8(ascii: "#"), nil):
                rest = rest.dropFirst(rest.count)
            case (UInt8(ascii: " "), nil), (UInt8(ascii: "\t"), nil), (UInt8(ascii: "\r"), nil):
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? []) + [byte]
            }
        }
        if let word { words.append(word) }
        return quote == nil ? words : nil
    }
}
