// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A value to add to a reply.
package enum JSONFragment: Hashable, Sendable {
    /// Null.
    case null
    /// A string.
    case string(String)
    /// A whole number.
    case integer(Int64)
    /// A boolean.
    case boolean(Bool)
    /// A list.
    case array([JSONFragment])
    /// An object; its members keep their order.
    case object([Member])

    /// A member of an object.
    package struct Member: Hashable, Sendable {
        /// The member's name.
        package let name: String
        /// The member's value.
        package let value: JSONFragment

        /// Creates a member.
        package init(_ name: String, _ value: JSONFragment) {
            self.name = name
            self.value = value
        }
    }

    /// The value as JSON text.
    package var json: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }

    /// The value as JSON text on multiple lines, for people to read.
    package var indented: String { indented("") }

    private func indented(_ margin: String) -> String {
        guard case .object(let members) = self, !members.isEmpty else { return String(decoding: json, as: UTF8.self) }
        let lines = members.map { member in
            let name = String(decoding: JSONFragment.string(member.name).json, as: UTF8.self)
            return "\(margin)  \(name): \(member.value.indented(margin + "  "))"
        }
        return "{\n" + lines.joined(separator: ",\n") + "\n\(margin)}"
    }

    func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .string(let string): JSONEscapes.append(string, to: &bytes)
        case .integer(let number): bytes.append(contentsOf: String(number).utf8)
        case .boolean(let truth): bytes.append(contentsOf: (truth ? "true" : "false").utf8)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                member.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}

extension JSONFragment.Member {
    /// Appends the name, a colon and the value.
    package func write(to bytes: inout [UInt8]) {
        JSONEscapes.append(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        value.write(to: &bytes)
    }
}
