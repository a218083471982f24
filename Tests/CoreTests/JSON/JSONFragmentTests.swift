// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@Suite("Added JSON")
struct JSONFragmentTests {
    @Test("Foundation reads every ASCII character and some others unchanged")
    func escapes() throws {
        for scalar in (0..<0x80).map({ Character(Unicode.Scalar($0)) }) + ["é", "\u{2028}", "😀", "\u{10FFFF}"] {
            let text = "a\(scalar)b"
            #expect(try PlainJSON(JSONFragment.array([.string(text)]).json) == [.string(text)])
            let member = JSONFragment.object([.init(text, .null)])
            #expect(try PlainJSON(member.json) == .object([text: .null]))
        }
    }

    @Test("every control character is escaped")
    func controls() {
        let all = String(String.UnicodeScalarView((0..<0x100).compactMap { Unicode.Scalar($0) }))
        #expect(JSONFragment.string(all).json.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    }

    @Test(
        "each kind of value",
        arguments: [
            (.null, "null"), (.boolean(true), "true"), (.boolean(false), "false"), (.integer(0), "0"),
            (.integer(.max), "9223372036854775807"), (.integer(.min), "-9223372036854775808"), (.array([]), "[]"),
            (.object([]), "{}"), (.array([.integer(1), .null]), "[1,null]"),
            (.object([.init("b", .integer(1)), .init("a", .array([]))]), #"{"b":1,"a":[]}"#),
        ] as [(JSONFragment, String)]
    )
    func values(fragment: JSONFragment, text: String) {
        #expect(String(decoding: fragment.json, as: UTF8.self) == text)
    }

    @Test("indented text is the same value")
    func indented() throws {
        let fragment = JSONFragment.object([
            .init("a", .object([.init("b\"", .array([.integer(1), .object([])]))])), .init("c", .object([])),
        ])
        #expect(try PlainJSON(fragment.indented) == PlainJSON(fragment.json))
        #expect(fragment.indented.split(separator: "\n").count == 6)
    }
}
