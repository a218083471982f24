// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Text from a driver program, made fit for an error or a log line.
enum PrintableText {
    /// One line of visible characters, at most as many as given; a longer text ends in "…".
    static func line(_ text: String, atMost limit: Int = 512) -> String {
        // Counted in scalars: one character can have any number of them.
        let scalars = text.unicodeScalars
        var short = String.UnicodeScalarView()
        short.append(contentsOf: scalars.prefix(limit))
        let line = Excerpt.line(String(short))
        return scalars.dropFirst(limit).isEmpty ? line : line + "…"
    }
}
