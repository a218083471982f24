// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A JSON value as Foundation reads it: the reference for the module under test.
enum PlainJSON: Hashable, Sendable, Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([PlainJSON])
    case object([String: PlainJSON])

    init(_ bytes: some Sequence<UInt8>) throws {
        self = try JSONDecoder().decode(PlainJSON.self, from: Data(bytes))
    }

    init(_ text: String) throws { try self.init(text.utf8) }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let truth = try? container.decode(Bool.self) {
            self = .bool(truth)
        } else if let string = try? container.decode(String.self) {
            self = .string(string)
        } else if let array = try? container.decode([PlainJSON].self) {
            self = .array(array)
        } else if let object = try? container.decode([String: PlainJSON].self) {
            self = .object(object)
        } else {
            self = .number(try container.decode(Double.self))
        }
    }

    subscript(_ name: String) -> PlainJSON? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    subscript(_ index: Int) -> PlainJSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    var string: String? {
        guard case .string(let string) = self else { return nil }
        return string
    }

    var members: [String: PlainJSON] {
        guard case .object(let members) = self else { return [:] }
        return members
    }

    /// The object without some of its members.
    func without(_ names: Set<String>) -> PlainJSON { .object(members.filter { !names.contains($0.key) }) }
}

extension PlainJSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int) { self = .number(Double(value)) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension PlainJSON: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    init(arrayLiteral elements: PlainJSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, PlainJSON)...) {
        self = .object(Dictionary(uniqueKeysWithValues: elements))
    }
}
