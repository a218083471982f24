// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Parses JSON5 (https://spec.json5.org), and reports the position of errors.
///
/// It is stricter than the specification in one rule: an object must not contain a name twice.
package struct JSON5Parser {
    private static let maximumDepth = 64

    private var text: JSON5Text

    /// Parses one value.
    ///
    /// - Parameter bytes: The text in UTF-8.
    /// - Throws: `JSON5Error` with the position of the error.
    package static func parse(_ bytes: [UInt8]) throws(JSON5Error) -> SettingValue {
        var parser = JSON5Parser(text: try JSON5Text(bytes))
        let value = try parser.value(depth: 0)
        try parser.text.skipSpace()
        if let found = parser.text.next {
            throw parser.text.error("expected the end of the file, found \(quoted(found))")
        }
        return value
    }

    private mutating func value(depth: Int) throws(JSON5Error) -> SettingValue {
        try text.skipSpace()
        guard depth <= Self.maximumDepth else { throw text.error("nested deeper than \(Self.maximumDepth) levels") }
        switch text.next {
        case "{": return .object(try object(depth))
        case "[": return .list(try list(depth))
        case "\"", "'": return .string(try text.takeString())
        case let first? where JSON5Number.begins(with: first): return try number()
        case let first? where JSON5Text.beginsName(first): return try word()
        case let found?: throw text.error("expected a value, found \(Self.quoted(found))")
        case nil: throw text.error("expected a value, found the end of the file")
        }
    }

    private mutating func object(_ depth: Int) throws(JSON5Error) -> [String: SettingValue] {
        text.skip()
        var members: [String: SettingValue] = [:]
        var places: [String: Int] = [:]
        while true {
            try text.skipSpace()
            if text.take("}") { return members }
            let place = text.offset
            let name = try memberName()
            if let first = places.updateValue(place, forKey: name) {
                let line = text.position(at: first).line
                throw text.error("\(Excerpt.quote(name)) appears more than once; first on line \(line)", at: place)
            }
            try text.skipSpace()
            guard text.take(":") else { throw text.expected("':'") }
            members[name] = try value(depth: depth + 1)
            try text.skipSpace()
            if !text.take(","), text.next != "}" { throw text.expected("',' or '}'") }
        }
    }

    private mutating func memberName() throws(JSON5Error) -> String {
        switch text.next {
        case "\"", "'": return try text.takeString()
        case let first? where JSON5Text.beginsName(first): return try text.takeName()
        default: throw text.expected("a name or '}'")
        }
    }

    private mutating func list(_ depth: Int) throws(JSON5Error) -> [SettingValue] {
        text.skip()
        var values: [SettingValue] = []
        while true {
            try text.skipSpace()
            if text.take("]") { return values }
            values.append(try value(depth: depth + 1))
            try text.skipSpace()
            if !text.take(","), text.next != "]" { throw text.expected("',' or ']'") }
        }
    }

    private mutating func number() throws(JSON5Error) -> SettingValue {
        let place = text.offset
        let number = text.takeNumber()
        guard let value = JSON5Number.value(of: number) else {
            throw text.error("\(Excerpt.quote(number)) is not a number", at: place)
        }
        return value
    }

    private mutating func word() throws(JSON5Error) -> SettingValue {
        let place = text.offset
        let name = try text.takeName()
        switch name {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .null
        default:
            throw text.error("expected a value, found \(Excerpt.quote(name)); write strings in quotes", at: place)
        }
    }

    private static func quoted(_ scalar: Unicode.Scalar) -> String { Excerpt.quote(String(Character(scalar))) }
}
