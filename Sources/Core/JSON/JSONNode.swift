// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// One value in a ``JSONDocument``, with its name if it is a member of an object.
struct JSONNode: Sendable {
    enum Kind: UInt8 {
        case object, array, name, string, escapedName, escapedString, number, `true`, `false`, null

        /// The kind with an article, for errors: "a string", "an object".
        var phrase: String {
            switch self {
            case .object: "an object"
            case .array: "a list"
            case .string, .escapedString, .name, .escapedName: "a string"
            case .number: "a number"
            case .true, .false: "a boolean"
            case .null: "null"
            }
        }
    }

    let kind: Kind
    /// The start of the value's text; for a string, after the quote.
    let start: Int32
    /// The end of the value's text, exclusive; for a string, before the closing quote.
    var end: Int32
    /// The index of the first node after this value.
    var next: Int32
    /// The number of members or elements of an object or array.
    var count: Int32 = 0
    /// The range of the name; empty if the value has none.
    var name = Name()

    /// The range of a name, without its quotes.
    struct Name {
        var start: Int32 = 0
        var end: Int32 = 0
        /// Whether the name contains escape sequences.
        var isEscaped = false

        var range: Range<Int> { Int(start)..<Int(end) }
    }

    /// The end of the value's text, exclusive, including a string's closing quote.
    var endWithQuote: Int { kind == .string || kind == .escapedString ? Int(end) + 1 : Int(end) }

    /// The range of the value's text.
    var range: Range<Int> { Int(start)..<Int(end) }

    /// A node for the name only.
    var nameNode: JSONNode {
        JSONNode(kind: name.isEscaped ? .escapedName : .name, start: name.start, end: name.end, next: next)
    }
}
