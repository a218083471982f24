// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Makes a text from outside fit for an error or a log.
enum OneLine {
    private static let length = 80

    /// Drops tags, puts everything on one line of visible ASCII, and cuts it to 80 characters.
    ///
    /// - Parameter secret: Shown as `***`, wherever it occurs.
    static func make(_ text: String, hiding secret: String) -> String {
        let hidden = hide(secret, in: text)
        var words: [String] = []
        for word in withoutTags(hidden).split(whereSeparator: \.isWhitespace) {
            words.append(String(decoding: word.utf8.filter { 0x21...0x7E ~= $0 }, as: UTF8.self))
        }
        let line = hide(secret, in: words.filter { !$0.isEmpty }.joined(separator: " "))
        return line.count <= length ? line : String(line.prefix(length - 3)) + "..."
    }

    private static func hide(_ secret: String, in text: String) -> String {
        secret.isEmpty ? text : text.replacing(secret, with: "***")
    }

    private static func withoutTags(_ text: String) -> String {
        var result = ""
        var isInTag = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": isInTag = true
            case ">" where isInTag:
                isInTag = false
                result.unicodeScalars.append(" ")
            default: if !isInTag { result.unicodeScalars.append(scalar) }
            }
        }
        return result
    }
}
