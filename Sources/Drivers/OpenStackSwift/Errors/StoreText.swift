// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Makes a text from outside fit for an error or a log.
enum StoreText {
    private static let greatestLength = 80
    private static let entities = [
        "&lt;": "<", "&gt;": ">", "&quot;": "\"", "&#39;": "'", "&apos;": "'", "&nbsp;": " ",
    ]

    /// Puts a text on one line of visible ASCII, and cuts it to 80 characters.
    ///
    /// - Parameter secret: Shown as `***` wherever it occurs.
    static func line(_ text: String, hiding secret: String) -> String {
        var words: [String] = []
        for word in hide(secret, in: text).split(whereSeparator: \.isWhitespace) {
            words.append(String(decoding: word.utf8.filter { 0x21...0x7E ~= $0 }, as: UTF8.self))
        }
        let line = hide(secret, in: words.filter { !$0.isEmpty }.joined(separator: " "))
        return line.count <= greatestLength ? line : String(line.prefix(greatestLength - 3)) + "..."
    }

    /// The text of a page of HTML: without its tags, styles and scripts.
    ///
    /// A `<` that begins no tag stays.
    static func withoutTags(_ page: String) -> String {
        var result = ""
        var rest = page[...]
        var hidden: String?
        while let mark = rest.firstIndex(of: "<") {
            if hidden == nil { result += rest[..<mark] }
            rest = rest[mark...]
            guard let name = tagName(rest), let end = rest.firstIndex(of: ">") else {
                if hidden == nil { result += "<" }
                rest = rest.dropFirst()
                continue
            }
            if let element = hidden {
                if name == "/" + element { hidden = nil }
            } else if name == "style" || name == "script" {
                hidden = name
            }
            result += " "
            rest = rest[rest.index(after: end)...]
        }
        if hidden == nil { result += rest }
        for (entity, character) in entities { result = result.replacing(entity, with: character) }
        return result.replacing("&amp;", with: "&")
    }

    /// The name of the tag that a text begins with, in lower case, an end tag's with its slash; nil if it begins with none.
    private static func tagName(_ text: Substring) -> String? {
        let rest = text.dropFirst()
        guard let first = rest.utf8.first else { return nil }
        guard 0x61...0x7A ~= first | 0x20 || [UInt8(ascii: "/"), UInt8(ascii: "!"), UInt8(ascii: "?")].contains(first)
        else { return nil }
        return rest.prefix { !$0.isWhitespace && $0 != ">" }.lowercased()
    }

    private static func hide(_ secret: String, in text: String) -> String {
        secret.isEmpty ? text : text.replacing(secret, with: "***")
    }
}
