// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One word of nginx's configuration.
///
/// A literal of the driver's code is written unchanged. Every other text must pass ``init(quoting:)``, so that no value
/// can end a word or a directive.
struct Word: Sendable, ExpressibleByStringLiteral {
    let text: String

    init(stringLiteral: StaticString) { text = stringLiteral.description }

    /// A number between two literals, such as `weight=5` or `30000ms`.
    init(_ before: StaticString, _ number: Int, _ after: StaticString = "") {
        text = "\(before)\(number)\(after)"
    }

    /// A literal followed by a word.
    init(_ before: StaticString, _ word: Word) { text = "\(before)\(word.text)" }

    /// A quoted value.
    ///
    /// - Throws: `DriverError` with the code `rejected` for control characters, and for `$`, which nginx cannot quote.
    init(quoting value: String) throws(DriverError) {
        guard value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "$" }) else {
            throw DriverError(.rejected, "nginx's configuration cannot contain a control character or '$'")
        }
        text = "\"" + String(value.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }) + "\""
    }
}
