// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Sanitizes a driver program's text for errors and logs.
enum PrintableText {
    /// Returns one line of visible characters, of limited length; a longer text ends with "…".
    static func line(_ text: String, atMost limit: Int = 512) -> String {
        // Counted in scalars: a character may consist of any number of them.
        let scalars = text.unicodeScalars
        var short = String.UnicodeScalarView()
        short.append(contentsOf: scalars.prefix(limit))
        let line = Excerpt.line(String(short))
        return scalars.dropFirst(limit).isEmpty ? line : line + "…"
    }
}
