// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardCore

@Suite("Escaped names", .ownThread)
struct JSONEscapesTests {
    @Test("a name matches its unescaped text and nothing else", arguments: Seeds.first(3))
    func matches(seed: UInt64) throws {
        var generator = DocumentGenerator(seed: seed)
        for _ in 0..<500 {
            let text = Array(generator.string().utf8.dropFirst().dropLast())
            let resolved = try #require(JSONEscapes.resolve(text[...]))
            #expect(try PlainJSON("[\"\(String(decoding: text, as: UTF8.self))\"]") == [.string(resolved)])
            guard JSONEscapes.matches(text[...], resolved.utf8) else {
                Issue.record("\(String(decoding: text, as: UTF8.self)) should match \(resolved)")
                return
            }
            #expect(!JSONEscapes.matches(text[...], (resolved + "x").utf8))
            #expect(!JSONEscapes.matches(text[...], ("x" + resolved).utf8))
            if !resolved.isEmpty { #expect(!JSONEscapes.matches(text[...], resolved.utf8.dropLast())) }
        }
    }

    @Test(
        "an unpaired surrogate matches nothing",
        arguments: [#"\ud800"#, #"a\udc00"#, #"\ud800\u0041"#, #"\ud800\ud800"#]
    )
    func halfPairs(text: String) {
        let bytes = Array(text.utf8)
        #expect(JSONEscapes.resolve(bytes[...]) == nil)
        for other in ["", "a", "A", "\u{FFFD}", text] { #expect(!JSONEscapes.matches(bytes[...], other.utf8)) }
    }

    @Test("names that look alike are different", arguments: ["\u{212A}", "k", "e\u{301}"])
    func alike(name: String) throws {
        let document = try JSONDocument(Array("{\"\(name)\":1}".utf8))
        for other in ["K", "\u{E9}"] {
            let reply = document.bytes(adding: [.init(other, .null)])
            #expect(String(decoding: reply, as: UTF8.self) == "{\"\(name)\":1,\"\(other)\":null}")
        }
    }
}
