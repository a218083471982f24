// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The status codes that an HTTP check accepts: the field `expected_codes`.
///
/// One code (`200`), a list (`200,202`) or a range (`200-204`).
public struct ExpectedCodes: Hashable, Sendable, CustomStringConvertible {
    /// The codes without spaces: only digits, and commas or one hyphen.
    public let description: String

    /// The default, `200`.
    public static let ok = ExpectedCodes(known: "200")

    private init(known text: String) { description = text }

    /// The longest list; a line of haproxy.cfg has at most 2,048 bytes.
    private static let longestList = 100

    /// Validates codes.
    ///
    /// - Throws: `InvalidValue` for anything but one code, at most 100 codes with commas, or two ascending codes with a
    ///   hyphen; a code is a number from 100 to 599.
    public init(_ text: String) throws(InvalidValue) {
        let list = text.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed)
        let range = text.split(separator: "-", omittingEmptySubsequences: false).map(Self.trimmed)
        if list.count <= Self.longestList, list.allSatisfy(Self.isCode) {
            description = list.joined(separator: ",")
        } else if range.count == 2, range.allSatisfy(Self.isCode), range[0] <= range[1] {
            description = range.joined(separator: "-")
        } else {
            throw InvalidValue(
                "must be codes from 100 to 599 such as 200, 200,202 or 200-204, not \(Excerpt.quote(text))"
            )
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let end = text.utf8.lastIndex { $0 != UInt8(ascii: " ") }
        guard let end else { return "" }
        return text[...end].drop { $0 == " " }
    }

    /// Whether a text is a code; codes of three digits have the order of their numbers.
    private static func isCode(_ text: Substring) -> Bool {
        text.utf8.count == 3 && text.utf8.allSatisfy { 0x30...0x39 ~= $0 }
            && UInt8(ascii: "1")...UInt8(ascii: "5") ~= text.utf8.first ?? 0
    }
}
