// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// One value or member name in a ``JSONDocument``.
struct JSONNode: Sendable {
    enum Kind: UInt8 {
        case object, array, name, string, escapedName, escapedString, number, `true`, `false`, null
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

    /// Whether this is a member name without escape sequences and the one given.
    func isName(_ name: StaticString, in bytes: Span<UInt8>) -> Bool {
        let count = Int(end - start)
        guard kind == .name, count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { expected in
            for index in 0..<count where bytes[Int(start) + index] != expected[index] { return false }
            return true
        }
    }
}
