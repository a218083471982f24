// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An enumeration whose values appear in messages by name, in upper or lower case.
package protocol NamedChoice: RawRepresentable<String>, CaseIterable, Sendable {}

extension NamedChoice {
    /// Parses a name, ignoring case.
    ///
    /// - Throws: `InvalidValue`, which lists the valid names.
    package init(named text: String) throws(InvalidValue) { try self.init(named: text.utf8.span) }

    init(named text: Span<UInt8>) throws(InvalidValue) {
        for choice in Self.allCases where text.equalsIgnoringCase(choice.rawValue) {
            self = choice
            return
        }
        let names = Self.allCases.map(\.rawValue)
        let list = names.dropLast().joined(separator: ", ") + (names.count > 1 ? " or " : "") + (names.last ?? "")
        // A longer text may be a secret in the wrong field.
        guard text.count <= 24 else {
            throw InvalidValue("must be \(list), not a text of \(text.count) bytes")
        }
        throw InvalidValue("must be \(list), not \(Excerpt.quote(String(text)))")
    }
}
