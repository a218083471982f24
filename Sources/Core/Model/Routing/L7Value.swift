// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The text that a rule compares a request to: the field `value`.
public struct L7Value: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 255 bytes of UTF-8 without control characters.
    public let description: String

    /// Validates a text.
    ///
    /// - Throws: `InvalidValue` for an empty or longer text, and for one with characters that hide or break a line.
    public init(_ text: String) throws(InvalidValue) {
        guard (1...255).contains(text.utf8.count) else {
            throw InvalidValue("must have 1 to 255 bytes, not \(text.utf8.count)")
        }
        guard !text.unicodeScalars.contains(where: \.couldHideText) else {
            throw InvalidValue("must not have control or invisible characters: \(Excerpt.quote(text))")
        }
        description = text
    }
}
