// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardCore

@Suite("JSON's limits", .ownThread)
struct JSONLimitTests {
    private static let megabyte = 1_048_576

    @Test("64 levels pass, 65 do not", arguments: [64, 65], ["[", #"{"a":"#])
    func depth(levels: Int, opening: String) {
        let closing = opening == "[" ? "]" : "}"
        let inner = String(repeating: opening, count: levels - 1)
        let text = #"{"a":"# + inner + "0" + String(repeating: closing, count: levels - 1) + "}"
        let result = Result { try JSONDocument(Array(text.utf8)) }
        if levels <= JSONDocument.maximumDepth {
            #expect(throws: Never.self) { try result.get() }
        } else {
            let error = #expect(throws: JSONSyntaxError.self) { try result.get() }
            #expect(error?.problem == "nested deeper than 64 levels")
        }
    }

    @Test("a megabyte of brackets is rejected at the depth limit", arguments: ["[", "{", #"{"a":"#, #"{"a":["#])
    func brackets(piece: String) throws {
        let row = String(repeating: piece, count: Self.megabyte / piece.count)
        for text in [row, #"{"a":"# + row] {
            let error = try #require(throws: JSONSyntaxError.self) { try JSONDocument(Array(text.utf8)) }
            // Checks the work done, not the time, which depends on the machine.
            #expect(error.offset <= 64 * piece.utf8.count + 8)
        }
    }

    @Test("siblings do not count as depth")
    func siblings() throws {
        let text = #"{"a":["# + Array(repeating: "[[]]", count: 100_000).joined(separator: ",") + "]}"
        let document = try JSONDocument(Array(text.utf8))
        guard case .one(let list) = document.root.find("a") else {
            Issue.record("the member is missing")
            return
        }
        #expect(list.count == 100_000)
        #expect(list.elements.reduce(0) { $0 + $1.count } == 100_000)
    }

    @Test("numbers of a thousand digits are read", arguments: ["", "-"], ["", ".5", "e-1000"])
    func longNumbers(sign: String, tail: String) throws {
        let number = sign + String(repeating: "9", count: 1000) + tail
        let document = try JSONDocument(Array(#"{"n":\#(number)}"#.utf8))
        guard case .one(let value) = document.root.find("n") else {
            Issue.record("the member is missing")
            return
        }
        #expect(Array(value.text) == Array(number.utf8))
    }

    @Test("every prefix of a document is rejected")
    func prefixes() throws {
        let text = #"{"a": [1.5e+3, "\u00e9\n", true, null], "b": {"c": -0}}"#
        let bytes = Array(text.utf8)
        _ = try JSONDocument(bytes)
        for count in bytes.indices {
            #expect(throws: JSONSyntaxError.self, "\(count) bytes") { try JSONDocument(Array(bytes.prefix(count))) }
        }
    }

    @Test("an error is one short line", arguments: ["", "[", "{\"a\":\u{1}}", #"{"a":"\q"}"#, "{}{}", #"{"a"#])
    func errors(text: String) throws {
        let error = try #require(throws: JSONSyntaxError.self) { try JSONDocument(Array(text.utf8)) }
        #expect(error.description.hasPrefix("invalid JSON at byte "))
        #expect(error.description.utf8.count <= 128 && error.description.utf8.allSatisfy { 0x20...0x7E ~= $0 })
    }

    @Test(
        "a string member is found by name; the last one counts",
        arguments: [
            (#"{"a":"1"}"#, "1"), (#"{"\u0061":"1"}"#, "1"), (#"{"a":"1","a":"2"}"#, "2"), (#"{"b":"1"}"#, nil),
            (#"{"a":1}"#, nil), (#"{"A":"1"}"#, nil), (#"{"b":{"a":"1"}}"#, nil), (#"{"a":"\ud800"}"#, nil),
        ] as [(String, String?)]
    )
    func lookUp(text: String, expected: String?) throws {
        #expect(try JSONDocument(Array(text.utf8)).root.string(of: "a") == expected)
    }
}
