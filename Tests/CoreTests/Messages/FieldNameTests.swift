// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardCore

@Suite("Names of fields")
struct FieldNameTests {
    private static let all = FieldName.allCases

    /// Returns the field of an object's only member; `name` is inserted between the quotes without escaping.
    private func read(_ name: String) throws -> FieldName? {
        let document = try JSONDocument(Array("{\"\(name)\":1}".utf8))
        let bytes = document.bytes
        return FieldName(document.nodes[1].name, in: bytes.span)
    }

    @Test("each is recognized, with and without escape sequences")
    func recognized() throws {
        // The table of an object's members has 96 places.
        #expect(FieldName(rawValue: 96) == nil)
        for name in Self.all {
            let text = name.text.description
            #expect(try read(text) == name)
            #expect(try read(text.unicodeScalars.map { "\\u00" + String($0.value, radix: 16) }.joined()) == name)
        }
    }

    @Test("no other name is recognized")
    func others() throws {
        let known = Set(Self.all.map(\.text.description))
        for name in known {
            var others = [name.uppercased(), "\(name)x", "x\(name)", "\(name)\\u0000", "\\u0000\(name)", "\(name)é"]
            for place in name.indices {
                for piece in ["", "x", "_", name[place].uppercased()] {
                    others.append(name.replacingCharacters(at: place, with: piece))
                }
            }
            for other in others where !known.contains(other) { #expect(try read(other) == nil, "\(other)") }
        }
        for other in ["", "\\ud800", "id\\ud800", String(repeating: "a", count: 300)] {
            #expect(try read(other) == nil)
        }
    }

    @Test("a member is found at any position, but not within another value", arguments: Seeds.first(3))
    func places(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let chosen = Self.all.filter { _ in random.isLucky(oneIn: 3) }.shuffled(using: &random)
            let fillers = [#"{"id":1,"port":[{"id":2}]}"#, "[[],{}]", "null", "\"id\"", "7"]
            let members = chosen.map { name in
                #""x\#(random.below(9))":\#(random.pick(fillers)),"\#(name.text)":\#(random.pick(fillers))"#
            }
            let document = try JSONDocument(Array("{\(members.joined(separator: ","))}".utf8))
            let found = try FieldReader(document).members(of: .root)
            for name in Self.all {
                let field = try found.field(name)
                #expect(field.isPresent == chosen.contains(name))
                guard let index = field.index else { continue }
                #expect(document.bytes[document.nodes[index].name.range].elementsEqual(name.text.description.utf8))
            }
        }
    }
}

extension String {
    fileprivate func replacingCharacters(at place: Index, with piece: String) -> String {
        self[..<place] + piece + self[index(after: place)...]
    }
}
