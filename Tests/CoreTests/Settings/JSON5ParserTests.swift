// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import Testing

/// Parsing of configuration files, and the positions of faults.
@Suite struct JSON5ParserTests {
    @Test(
        arguments: [
            ("{}", [:]), ("{a: 1}", ["a": 1]), ("{a: 1,}", ["a": 1]), ("{'a b': \"c\"}", ["a b": "c"]),
            ("// x\n{a /* b */: [1, 'two', true, null,]} // y", ["a": .list([1, "two", true, nil])]),
            (
                "{$a_1: .5, b: 5., c: +1, d: -0x1F, e: 1e3, f: 80.0}",
                ["$a_1": .number(0.5), "b": 5, "c": 1, "d": -31, "e": 1000, "f": 80]
            ),
            ("{a: -Infinity, b: 99999999999999999999}", ["a": .number(-.infinity), "b": .number(1e20)]),
            ("{a: 'x\\\ny\\x41\\u00e9\\ud83d\\ude00\\'\\0'}", ["a": "xyAé😀'\0"]), ("{\\u0061: 1}", ["a": 1]),
            ("\u{FEFF}{\u{A0}a:\u{2028}1}", ["a": 1]), ("{null: null, true: true}", ["null": nil, "true": true]),
            ("{é: {\"\": []}}", ["é": .object(["": []])]),
        ] as [(String, [String: SettingValue])]
    )
    func reads(_ text: String, _ members: [String: SettingValue]) throws {
        #expect(try JSON5Parser.parse(Array(text.utf8)) == .object(members))
    }

    @Test(
        arguments: [
            ("", 1, 1, "expected a value, found the end of the file"),
            ("{", 1, 2, "expected a name or '}', found the end"),
            ("{a: 1 b: 2}", 1, 7, "expected ',' or '}', found \"b\""),
            ("{\n  a 1\n}", 2, 5, "expected ':', found \"1\""),
            (
                "{\n  log: {\n    level: 'a',\n    level: 'b'\n  }\n}", 4, 5,
                "\"level\" appears more than once; first on line 3"
            ),
            ("{a: 1, \"a\": 2}", 1, 8, "\"a\" appears more than once"), ("{a: info}", 1, 5, "write strings in quotes"),
            ("{a: 'x}\n", 1, 5, "unterminated string"), ("{/* x", 1, 2, "unterminated comment"),
            ("{a: 012}", 1, 5, "\"012\" is not a number"), ("{a: 1x}", 1, 5, "\"1x\" is not a number"),
            ("{a: '\\u12'}", 1, 6, "unknown escape sequence"), ("{a: '\\ud800'}", 1, 6, "unknown escape sequence"),
            ("{a: 1} {", 1, 8, "expected the end of the file"), ("{a: [1, 2}", 1, 10, "expected ',' or ']'"),
            ("{,}", 1, 2, "expected a name or '}', found \",\""), ("{a: #}", 1, 5, "expected a value, found \"#\""),
            ("{a: 0x}", 1, 5, "is not a number"), ("{a: 0x+1}", 1, 5, "is not a number"),
            ("{a: .}", 1, 5, "is not a number"),
        ]
    )
    func saysWhere(_ text: String, _ line: Int, _ column: Int, _ problem: String) throws {
        let error = try #require(throws: JSON5Error.self) { try JSON5Parser.parse(Array(text.utf8)) }
        #expect(error.position.line == line && error.position.column == column, "\(error)")
        #expect(error.problem.contains(problem), "\(error)")
    }

    @Test func bytesThatAreNotUTF8() throws {
        let error = try #require(throws: JSON5Error.self) { try JSON5Parser.parse(Array("{\n a: '".utf8) + [0xFF]) }
        #expect(error.description == "line 2, column 6: invalid UTF-8")
    }

    @Test func depth() throws {
        func nested(_ count: Int) -> [UInt8] {
            Array((String(repeating: "[", count: count) + String(repeating: "]", count: count)).utf8)
        }
        #expect(throws: Never.self) { try JSON5Parser.parse(nested(64)) }
        #expect(throws: JSON5Error.self) { try JSON5Parser.parse(nested(66)) }
        #expect(throws: JSON5Error.self) { try JSON5Parser.parse(nested(100_000)) }
    }

    /// Foundation reads the same values from texts that both accept: random combinations of parts of real files.
    @Test func agreesWithFoundation() throws {
        var random = SystemRandomNumberGenerator()
        let parts = [
            "{", "}", "[", "]", ",", ":", "a", "b_1", "'x'", "\"y\"", "1", "-2.5", "0x1f", "true", "null", " ", "\n",
            "// c\n", "/* d */", "{a:1}", "[1,2]", "{b: 'z',}", "a:", ",b:", "1e2", "'\\n'",
        ]
        var both = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...12, using: &random)
            let inner = (0..<count).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
            for text in ["{\(inner)}", "{a: [\(inner)]}"] {
                let own = try? JSON5Parser.parse(Array(text.utf8))
                let decoder = JSONDecoder()
                decoder.allowsJSON5 = true
                let others = try? decoder.decode(FoundationValue.self, from: Data(text.utf8)).value
                guard let own else { continue }
                both += 1
                #expect(others == own, "\(text)")
            }
        }
        #expect(both > 1000)
    }

    /// No input traps.
    @Test func garbage() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                Bool.random(using: &random)
                    ? UInt8.random(in: 0...255, using: &random)
                    : Array("{}[]:,'\"\\/*x0u".utf8).randomElement(using: &random) ?? 0
            }
            _ = try? JSON5Parser.parse(bytes)
        }
    }

    @Test(
        arguments: [
            ("log.levle", "; did you mean log.level?"), ("loglevel", "; did you mean log.level?"), ("x", ""),
            ("gearman.server", "; did you mean gearman.servers?"), ("something.else", ""),
        ]
    )
    func suggestions(_ name: String, _ text: String) {
        #expect(Suggestion.text(for: name, among: ["log.level", "log.format", "gearman.servers"]) == text)
    }
}

private struct FoundationValue: Decodable {
    let value: SettingValue

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = .null
        } else if let truth = try? container.decode(Bool.self) {
            value = .boolean(truth)
        } else if let number = try? container.decode(Int.self) {
            value = .integer(number)
        } else if let number = try? container.decode(Double.self) {
            value = .number(number)
        } else if let string = try? container.decode(String.self) {
            value = .string(string)
        } else if let list = try? container.decode([FoundationValue].self) {
            value = .list(list.map(\.value))
        } else {
            value = .object(try container.decode([String: FoundationValue].self).mapValues(\.value))
        }
    }
}
