// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Sanitizes external text for errors and logs.
package enum StoreText {
    private static let greatestLength = 80
    private static let longestTagName = 16
    private static let entities = [
        "&lt;": "<", "&gt;": ">", "&quot;": "\"", "&#39;": "'", "&apos;": "'", "&nbsp;": " ",
    ]

    /// Reduces a text to one line of at most 80 visible ASCII characters.
    ///
    /// - Parameter secret: Replaced by `***` wherever it occurs.
    package static func line(_ text: String, hiding secret: String) -> String { line(text, hiding: [secret]) }

    /// Reduces a text to one line of at most 80 visible ASCII characters.
    ///
    /// - Parameter secrets: Replaced by `***` wherever they occur.
    package static func line(_ text: String, hiding secrets: [String]) -> String {
        var parts: [String] = []
        for part in masked(text, hiding: secrets).split(whereSeparator: \.isWhitespace) {
            parts.append(String(decoding: part.utf8.filter { 0x21...0x7E ~= $0 }, as: UTF8.self))
        }
        let line = masked(parts.filter { !$0.isEmpty }.joined(separator: " "), hiding: secrets)
        return line.count <= greatestLength ? line : String(line.prefix(greatestLength - 3)) + "..."
    }

    /// Returns the text of an HTML page, without its tags, styles and scripts.
    ///
    /// A `<` that does not start a tag is kept.
    package static func withoutTags(_ page: String) -> String {
        let page = Array(page.utf8)
        let lastEnd = page.lastIndex(of: UInt8(ascii: ">")) ?? -1
        var text: [UInt8] = []
        var hidden: String?
        var position = 0
        while position < page.count {
            guard position < lastEnd, let name = tagName(page[position...]) else {
                if hidden == nil { text.append(page[position]) }
                position += 1
                continue
            }
            if let element = hidden {
                if name == "/" + element { hidden = nil }
            } else if name == "style" || name == "script" {
                hidden = name
            }
            text.append(UInt8(ascii: " "))
            while page[position] != UInt8(ascii: ">") { position += 1 }
            position += 1
        }
        var result = String(decoding: text, as: UTF8.self)
        // By scalars, as a combining mark may follow; `&amp;` last, because it starts the text of another entity.
        for (entity, character) in Array(entities) + [("&amp;", "&")] {
            result.unicodeScalars.replace(entity.unicodeScalars, with: character.unicodeScalars)
        }
        return result
    }

    /// Returns the start of the name of the tag at the start of a text, in lower case, with the slash of an end tag;
    /// nil if there is no tag.
    private static func tagName(_ text: ArraySlice<UInt8>) -> String? {
        let rest = text.dropFirst()
        guard text.first == UInt8(ascii: "<"), let first = rest.first,
            0x61...0x7A ~= first | 0x20 || "/!?".utf8.contains(first)
        else { return nil }
        let name = rest.prefix(longestTagName).prefix { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: ">") }
        return String(decoding: name, as: UTF8.self).lowercased()
    }

    /// Replaces a secret by `***` wherever it occurs in a text, ignoring case: host names are shown in lower case.
    ///
    /// - Parameter secret: ASCII.
    package static func masked(_ text: String, hiding secret: String) -> String {
        let (bytes, hidden) = (Array(text.utf8), secret.utf8.map(lowercased))
        guard !hidden.isEmpty, bytes.count >= hidden.count else { return text }
        let lower = bytes.map(lowercased)
        var result: [UInt8] = []
        var position = 0
        while position < bytes.count {
            if lower[position...].starts(with: hidden) {
                result += Array("***".utf8)
                position += hidden.count
            } else {
                result.append(bytes[position])
                position += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Replaces each secret by `***` wherever it occurs in a text.
    package static func masked(_ text: String, hiding secrets: [String]) -> String {
        // Longest first: one may be part of another.
        secrets.sorted { $0.utf8.count > $1.utf8.count }.reduce(text) { masked($0, hiding: $1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte | 0x20 : byte }
}
