// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Makes a text from outside fit for an error or a log.
package enum StoreText {
    private static let greatestLength = 80
    private static let longestTagName = 16
    private static let entities = [
        "&lt;": "<", "&gt;": ">", "&quot;": "\"", "&#39;": "'", "&apos;": "'", "&nbsp;": " ",
    ]

    /// Puts a text on one line of visible ASCII, and cuts it to 80 characters.
    ///
    /// - Parameter secret: Shown as `***` wherever it occurs.
    package static func line(_ text: String, hiding secret: String) -> String { line(text, hiding: [secret]) }

    /// Puts a text on one line of visible ASCII, and cuts it to 80 characters.
    ///
    /// - Parameter secrets: Shown as `***` wherever they occur.
    package static func line(_ text: String, hiding secrets: [String]) -> String {
        var parts: [String] = []
        for part in masked(text, hiding: secrets).split(whereSeparator: \.isWhitespace) {
            parts.append(String(decoding: part.utf8.filter { 0x21...0x7E ~= $0 }, as: UTF8.self))
        }
        let line = masked(parts.filter { !$0.isEmpty }.joined(separator: " "), hiding: secrets)
        return line.count <= greatestLength ? line : String(line.prefix(greatestLength - 3)) + "..."
    }

    /// The text of a page of HTML: without its tags, styles and scripts.
    ///
    /// A `<` that begins no tag stays.
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
        for (entity, character) in entities { result = result.replacing(entity, with: character) }
        return result.replacing("&amp;", with: "&")
    }

    /// The beginning of the name of the tag that a text begins with, in lower case, an end tag's with its slash; nil if the
    /// text begins with no tag.
    private static func tagName(_ text: ArraySlice<UInt8>) -> String? {
        let rest = text.dropFirst()
        guard text.first == UInt8(ascii: "<"), let first = rest.first,
            0x61...0x7A ~= first | 0x20 || "/!?".utf8.contains(first)
        else { return nil }
        let name = rest.prefix(longestTagName).prefix { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: ">") }
        return String(decoding: name, as: UTF8.self).lowercased()
    }

    /// Shows `***` wherever a secret occurs in a text, in whatever case: a host name is in lower case, whatever was sent.
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

    /// Shows `***` wherever one of some secrets occurs in a text.
    package static func masked(_ text: String, hiding secrets: [String]) -> String {
        // The longest first: one may be a part of another.
        secrets.sorted { $0.utf8.count > $1.utf8.count }.reduce(text) { masked($0, hiding: $1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte | 0x20 : byte }
}
