// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An enumeration whose values appear in messages by name, in upper or lower case.
package protocol NamedChoice: RawRepresentable<String>, CaseIterable, Sendable {
    /// Other names of values.
    static var synonyms: [String: Self] { get }
    /// Octavia's names of what HAProxy cannot do.
    static var impossible: [String] { get }
}

extension NamedChoice {
    package static var synonyms: [String: Self] { [:] }
    package static var impossible: [String] { [] }

    /// Parses a name, ignoring case.
    ///
    /// - Throws: `InvalidValue`, which lists the valid names.
    package init(named text: String) throws(InvalidValue) { try self.init(named: text.utf8.span) }

    init(named text: Span<UInt8>) throws(InvalidValue) {
        for choice in Self.allCases where text.equalsIgnoringCase(choice.rawValue) {
            self = choice
            return
        }
        for (name, choice) in Self.synonyms where text.equalsIgnoringCase(name) {
            self = choice
            return
        }
        let names = Self.allCases.map(\.rawValue) + Self.synonyms.keys.sorted()
        let list = names.dropLast().joined(separator: ", ") + (names.count > 1 ? " or " : "") + (names.last ?? "")
        for name in Self.impossible where text.equalsIgnoringCase(name) {
            throw InvalidValue("must be \(list), not \(name), which the device cannot do")
        }
        // A longer text may be a secret in the wrong field.
        guard text.count <= 24 else {
            throw InvalidValue("must be \(list), not a text of \(text.count) bytes")
        }
        throw InvalidValue("must be \(list), not \(Excerpt.quote(String(text)))")
    }
}
