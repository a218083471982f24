// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Lines of nginx's configuration, each with the field of the UPDATE that it belongs to.
struct ConfigurationText: Sendable {
    private(set) var lines: [String] = []
    private var fields: [LoadBalancerField?] = []
    private var depth = 0

    /// The whole file.
    var text: String { lines.joined(separator: "\n") + "\n" }

    /// The field that a line belongs to.
    ///
    /// - Parameter number: The line's number, from 1, as in nginx's error messages.
    func field(ofLine number: Int) -> LoadBalancerField? {
        fields.indices.contains(number - 1) ? fields[number - 1] : nil
    }

    /// Adds a directive.
    mutating func directive(_ words: Word..., field: LoadBalancerField? = nil) { directive(words, field: field) }

    /// Adds a directive.
    mutating func directive(_ words: [Word], field: LoadBalancerField? = nil) { add(words, ";", field) }

    /// Adds a block with the directives that the closure adds.
    mutating func block<Failure: Error>(
        _ words: Word...,
        field: LoadBalancerField? = nil,
        _ body: (inout ConfigurationText) throws(Failure) -> Void
    ) throws(Failure) {
        add(words, " {", field)
        depth += 1
        try body(&self)
        depth -= 1
        add([], "}", nil)
    }

    private mutating func add(_ words: [Word], _ end: String, _ field: LoadBalancerField?) {
        lines.append(String(repeating: "    ", count: depth) + words.map(\.text).joined(separator: " ") + end)
        fields.append(field)
    }
}
