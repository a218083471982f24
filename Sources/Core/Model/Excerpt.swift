// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A piece of a value from outside that is fit for an error: short, on one line, nothing but visible ASCII.
enum Excerpt {
    /// Quotes at most 24 characters of a value.
    static func quote(_ value: some StringProtocol) -> String {
        var result = "\""
        for scalar in value.unicodeScalars.prefix(24) {
            result +=
                0x20...0x7E ~= scalar.value && scalar != "\"" && scalar != "\\"
                ? String(Character(scalar)) : "\\u{\(String(scalar.value, radix: 16))}"
        }
        return result + (value.unicodeScalars.dropFirst(24).isEmpty ? "\"" : "…\"")
    }
}
