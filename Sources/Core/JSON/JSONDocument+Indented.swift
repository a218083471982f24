// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension JSONDocument {
    /// The document on multiple lines, for a terminal: numbers and escape sequences are unchanged, and characters that
    /// could move the cursor or hide text are escaped.
    package var indented: String {
        var text = ""
        JSONValue(document: self, index: 0).write(to: &text, margin: "")
        return text
    }
}

extension JSONValue {
    fileprivate func write(to text: inout String, margin: String) {
        let inner = margin + "  "
        switch kind {
        case .object where count > 0:
            var separator = "{\n"
            forEachMember { name, value in
                text += separator + inner
                name.write(to: &text)
                text += ": "
                value.write(to: &text, margin: inner)
                separator = ",\n"
            }
            text += "\n\(margin)}"
        case .array where count > 0:
            var separator = "[\n"
            for element in elements {
                text += separator + inner
                element.write(to: &text, margin: inner)
                separator = ",\n"
            }
            text += "\n\(margin)]"
        case .object: text += "{}"
        case .array: text += "[]"
        case .string, .escapedString: text += "\"\(Self.printable(self.text))\""
        default: text += String(decoding: self.text, as: UTF8.self)
        }
    }

    fileprivate static func printable(_ bytes: ArraySlice<UInt8>) -> String {
        var result = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            if scalar.couldHideText {
                for unit in String(Character(scalar)).utf16 {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension JSONName {
    fileprivate func write(to text: inout String) { text += "\"\(JSONValue.printable(document.text(of: node)))\"" }
}
