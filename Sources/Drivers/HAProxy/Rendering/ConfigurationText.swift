// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// haproxy.cfg while it is being written: its lines, and which field of the message each comes from.
///
/// Lines are made of words, and the only strings that can be words are this program's own literals and the values of
/// types that cannot hold white space, quotes, `\`, `#`, `$` or control characters. Nothing else fits in.
struct ConfigurationText {
    /// A word of a line.
    struct Word: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
        let text: String

        init(stringLiteral literal: StaticString) { text = literal.description }

        init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

        /// Joins this program's literals and checked values.
        struct Interpolation: StringInterpolationProtocol {
            fileprivate(set) var text = ""

            init(literalCapacity: Int, interpolationCount: Int) {}

            mutating func appendLiteral(_ literal: StaticString) { text += literal.description }
            mutating func appendInterpolation(_ number: Int) { text += String(number) }
            mutating func appendInterpolation(_ port: Port) { text += port.description }
            mutating func appendInterpolation(_ identifier: Identifier) { text += identifier.description }
            mutating func appendInterpolation(_ address: IPAddress) { text += address.description }
            mutating func appendInterpolation(_ address: HostAddress) { text += address.description }
            mutating func appendInterpolation(_ path: MonitorPath) { text += path.description }
            mutating func appendInterpolation(_ option: CheckedWord) { text += option.text }
            mutating func appendInterpolation(_ fingerprint: Fingerprint) { text += fingerprint.description }
            mutating func appendInterpolation(_ word: Word) { text += word.text }
        }
    }

    private(set) var lines: [String] = []
    private(set) var fields: [Int: LoadBalancerField] = [:]

    /// Begins a section.
    mutating func section(_ words: Word...) {
        if !lines.isEmpty { lines.append("") }
        append(words, indentation: "")
    }

    /// Adds a line to the section.
    ///
    /// - Parameter field: What is at fault where HAProxy refuses the line.
    mutating func line(_ words: Word..., field: LoadBalancerField? = nil) {
        line(words, field: field)
    }

    mutating func line(_ words: [Word], field: LoadBalancerField? = nil) {
        append(words, indentation: "    ")
        // HAProxy counts lines from 1.
        if let field { fields[lines.count] = field }
    }

    /// Adds a comment line.
    mutating func comment(_ text: StaticString) { lines.append("# \(text)") }

    private mutating func append(_ words: [Word], indentation: String) {
        lines.append(indentation + words.map(\.text).joined(separator: " "))
    }
}
