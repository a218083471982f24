// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import S3Store

@Suite("XML responses")
struct XMLElementTests {
    @Test("elements, text, references and CDATA are parsed, all else is skipped")
    func document() throws {
        let text = """
            \u{FEFF}<?xml version="1.0" encoding="UTF-8"?>
            <!-- a <comment> -->
            <s3:Error xmlns:s3="http://example.com/?a=1>2"><Code>No&#83;uch&#x42;ucket</Code>
              <Message>a &lt;b&gt; &amp;amp; &quot;c&apos; &unknown; & <![CDATA[<d> &amp;]]></Message><Empty/>
              <Two>1</Two><Two at='>'>2</Two></s3:Error>
            garbage
            """
        let element = try #require(XMLElement(Array(text.utf8)))
        #expect(element.name == "Error")
        #expect(element.text(of: "Code") == "NoSuchBucket")
        #expect(element.text(of: "Message") == "a <b> &amp; \"c' &unknown; & <d> &amp;")
        #expect(element.text(of: "Empty")?.isEmpty == true)
        #expect(element.children.filter { $0.name == "Two" }.map(\.text) == ["1", "2"])
        #expect(element["Three"] == nil)
    }

    @Test(
        "an invalid or truncated document is rejected",
        arguments: [
            "", "text", "<", "<a", "<a>", "<a></b>", "</a>", "<a/", "<a b='>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            "<a><!-- </a>", "<a><![CDATA[</a>", "<?xml <a/>", "< a></a>", "<a<b></b></a>", "text<a/>",
            String(repeating: "<a>", count: 17) + String(repeating: "</a>", count: 17),
            "<a>" + String(repeating: "<b/>", count: 20_001) + "</a>",
        ]
    )
    func refused(_ text: String) { #expect(XMLElement(Array(text.utf8)) == nil) }

    @Test("any bytes are parsed or rejected, in a short time", .ownThread)
    func anyBytes() {
        var random = SeededGenerator(seed: 5)
        let parts = [
            "<a>", "</a>", "<a/>", "<", ">", "&", "&#", ";", "<!--", "-->", "<![CDATA[", "]]>", "\"", "x", "\u{0}", "é",
        ]
        for _ in 0..<2000 {
            let count = Int.random(in: 0...30, using: &random)
            let text = (0..<count).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
            if let element = XMLElement(Array(text.utf8)) { #expect(element.name == "a") }
        }
        // These would take minutes if parts of them were read repeatedly.
        for part in ["&", "<a>", "<a ", "]]", "<!--", "<![CDATA["] {
            _ = XMLElement(Array(("<r>" + String(repeating: part, count: 400_000)).utf8))
        }
    }

    @Test("escaped text is restored", arguments: ["", "a&b<c>\"d'", "größe"])
    func escaped(_ text: String) {
        #expect(XMLText.unescaped(XMLText.escaped(text)) == text)
        #expect(XMLElement(Array("<a>\(XMLText.escaped(text))</a>".utf8))?.text == text)
    }
}
