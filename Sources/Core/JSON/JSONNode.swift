// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// One value in a ``JSONDocument``, with its name where it is a member of an object.
struct JSONNode: Sendable {
    enum Kind: UInt8 {
        case object, array, name, string, escapedName, escapedString, number, `true`, `false`, null

        /// What a value of this kind is, with an article, for an error: "a string", "an object".
        var phrase: String {
            switch self {
            case .object: "an object"
            case .array: "a list"
            case .string, .escapedString, .name, .escapedName: "a string"
            case .number: "a number"
            case .true, .false: "a truth value"
            case .null: "null"
            }
        }
    }

    let kind: Kind
    /// Where the value's text begins; within the quotes, for a string.
    let start: Int32
    /// One past the end of the value's text; within the quotes, for a string.
    var end: Int32
    /// The index of the first node that is no part of this value.
    var next: Int32
    /// How many members or elements an object or array has.
    var count: Int32 = 0
    /// The place of the name; empty where the value has none.
    var name = Name()

    /// The place of a name within its quotes.
    struct Name {
        var start: Int32 = 0
        var end: Int32 = 0
        /// Whether there are escape sequences in it.
        var isEscaped = false

        var range: Range<Int> { Int(start)..<Int(end) }
    }

    /// One past the end of the value's text, with a string's closing quote.
    var endWithQuote: Int { kind == .string || kind == .escapedString ? Int(end) + 1 : Int(end) }

    /// Where the value's text is.
    var range: Range<Int> { Int(start)..<Int(end) }

    /// A node for the name alone.
    var nameNode: JSONNode {
        JSONNode(kind: name.isEscaped ? .escapedName : .name, start: name.start, end: name.end, next: next)
    }
}
