// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The `id` of a load balancer or a node: 1 to 64 letters, digits, `.`, `_` and `-` of ASCII.
///
/// It is part of a server's name in HAProxy and of an object's name in the store, so it contains nothing else.
public struct Identifier: Hashable, Sendable, CustomStringConvertible {
    /// The identifier's text.
    public let description: String

    /// Validates an identifier.
    ///
    /// - Throws: `InvalidValue` for an empty or too long text, for any other character, and for `.` and `..`.
    public init(_ text: String) throws(InvalidValue) { try self.init(text.utf8.span) }

    init(_ text: Span<UInt8>) throws(InvalidValue) {
        guard (1...64).contains(text.count), text.allSatisfy(Self.allows) else {
            throw InvalidValue("must be 1 to 64 letters, digits, '.', '_' or '-', not \(Excerpt.quote(String(text)))")
        }
        guard !text.equals("."), !text.equals("..") else {
            throw InvalidValue("must not be \(Excerpt.quote(String(text))), which has a special meaning in a path")
        }
        description = String(ascii: text)
    }

    /// Creates the identifier of an entry without one: its position in the list, from 1.
    init(place: Int) { description = String(place) }

    /// Whether the identifier comes before another, by length and then by text.
    ///
    /// Identifiers from a counter are in this order, which proves without hashing that they are unique.
    func isBefore(_ other: Identifier) -> Bool {
        let (count, otherCount) = (description.utf8.count, other.description.utf8.count)
        return count == otherCount ? description < other.description : count < otherCount
    }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
