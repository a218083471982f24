// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// One value or member name in a ``JSONDocument``.
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
    /// Where the value's text begins; within the quotes, for strings and names.
    let start: Int32
    /// One past the end of the value's text; within the quotes, for strings and names.
    var end: Int32
    /// The index of the first node that is no part of this value.
    var next: Int32
    /// How many members or elements an object or array has.
    var count: Int32 = 0

    /// One past the end of the value's text, with a string's closing quote.
    var endWithQuote: Int { kind == .string || kind == .escapedString ? Int(end) + 1 : Int(end) }

    /// Where the value's text is.
    var range: Range<Int> { Int(start)..<Int(end) }
}
