// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Formats untrusted values for errors: short, on one line, only visible ASCII.
package enum Excerpt {
    /// Quotes at most 24 characters of a value.
    package static func quote(_ value: some StringProtocol) -> String {
        var result = "\""
        for scalar in value.unicodeScalars.prefix(24) {
            result +=
                0x20...0x7E ~= scalar.value && scalar != "\"" && scalar != "\\"
                ? String(Character(scalar)) : "\\u{\(String(scalar.value, radix: 16))}"
        }
        return result + (value.unicodeScalars.dropFirst(24).isEmpty ? "\"" : "…\"")
    }

    /// Returns a complete untrusted name for the log, with escapes for characters that hide, break or reverse a line.
    package static func line(_ name: String) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            if scalar.couldHideText {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    /// Whether it could end a line, move a terminal's cursor, or hide or reverse other characters.
    package var couldHideText: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }
}
