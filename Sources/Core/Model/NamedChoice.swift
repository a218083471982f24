// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An enumeration whose values stand in messages by name, in any mixture of upper and lower case.
public protocol NamedChoice: RawRepresentable<String>, CaseIterable, Sendable {}

extension NamedChoice {
    /// Reads a name without regard to case.
    ///
    /// - Throws: `InvalidValue`, which lists the names, for any other.
    public init(named text: String) throws(InvalidValue) {
        if let choice = Self(rawValue: text) {
            self = choice
            return
        }
        // ASCII alone is folded: no other character may pass for one of these names.
        let folded = String(decoding: text.utf8.map { 0x61...0x7A ~= $0 ? $0 - 0x20 : $0 }, as: UTF8.self)
        guard let choice = Self(rawValue: folded) else {
            let names = Self.allCases.map(\.rawValue)
            let list = names.dropLast().joined(separator: ", ") + (names.count > 1 ? " or " : "") + (names.last ?? "")
            throw InvalidValue("must be \(list), not \(Excerpt.quote(text))")
        }
        self = choice
    }
}
