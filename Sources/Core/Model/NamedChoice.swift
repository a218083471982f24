// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An enumeration whose values stand in messages by name, in any mixture of upper and lower case.
package protocol NamedChoice: RawRepresentable<String>, CaseIterable, Sendable {}

extension NamedChoice {
    /// Reads a name without regard to case.
    ///
    /// - Throws: `InvalidValue`, which lists the names, for any other.
    package init(named text: String) throws(InvalidValue) { try self.init(named: text.utf8.span) }

    init(named text: Span<UInt8>) throws(InvalidValue) {
        for choice in Self.allCases where text.equalsIgnoringCase(choice.rawValue) {
            self = choice
            return
        }
        let names = Self.allCases.map(\.rawValue)
        let list = names.dropLast().joined(separator: ", ") + (names.count > 1 ? " or " : "") + (names.last ?? "")
        // What is longer than any name may be a secret in the wrong field.
        guard text.count <= 24 else {
            throw InvalidValue("must be \(list), not a text of \(text.count) bytes")
        }
        throw InvalidValue("must be \(list), not \(Excerpt.quote(String(text)))")
    }
}
