// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SteelyardCore

@Suite("JSON's grammar")
struct JSONGrammarTests {
    @Test(
        "documents that RFC 8259 allows",
        arguments: [
            "{}", " \t\r\n{ \t\r\n} \t\r\n", #"{"":""}"#, #"{"a":[]}"#, #"{"a":[[],{}]}"#, #"{"a":0}"#, #"{"a":-0}"#,
            #"{"a":-0.0e-0}"#, #"{"a":1E+2}"#, #"{"a":1e2}"#, #"{"a":10.01}"#, #"{"a":"\u0000"}"#,
            #"{"a":"\/\b\f\n\r\t"}"#,
            #"{"a":"\uD83D\uDE00"}"#, #"{"a":"\uFFFF"}"#, "{\"a\":\"\u{7F}\u{80}\u{2028}\u{10FFFF}\"}",
            #"{"\u0061":true}"#,
            #"{"a" : [ 1 , null ] , "b" : false }"#, #"{"a":"]}{[,:"}"#, #"{"a":"\\"}"#, #"{"a":"\\\""}"#,
        ]
    )
    func allowed(text: String) throws {
        #expect(FoundationJudge.accepts(Array(text.utf8)), "Foundation must agree")
        let own = try JSONDocument(Array(text.utf8))
        #expect(try OwnReading(own).value == PlainJSON(text))
    }

    @Test(
        "documents that RFC 8259 forbids",
        arguments: [
            "", " ", "{", "}", "{]", "[}", #"{"a"}"#, #"{"a":}"#, #"{:1}"#, #"{"a" 1}"#, #"{"a"::1}"#,
            #"{"a":1 "b":2}"#, "{,}",
            #"{"a":[,1]}"#, #"{"a":[1 2]}"#, #"{"a":[1}"#, #"{"a":1]"#, #"{"a":1}}"#, "{}{}", "{}x", "{}\u{0}", "{a:1}",
            "{'a':1}", #"{1:1}"#, #"{"a":01}"#, #"{"a":-}"#, #"{"a":-01}"#, #"{"a":00}"#, #"{"a":+1}"#, #"{"a":.5}"#,
            #"{"a":1.}"#, #"{"a":1.e2}"#, #"{"a":1e}"#, #"{"a":1e+}"#, #"{"a":0x1}"#, #"{"a":1_0}"#, #"{"a":NaN}"#,
            #"{"a":Infinity}"#, #"{"a":-Infinity}"#, #"{"a":nul}"#, #"{"a":nulll}"#, #"{"a":True}"#, #"{"a":tru"#,
            #"{"a":undefined}"#,
            #"{"a":"}"#, #"{"a":"\x"}"#, #"{"a":"\u12"}"#, #"{"a":"\u12G4"}"#, #"{"a":"\u"}"#, #"{"a":"\"#,
            #"{"a":"\U0041"}"#,
            "{\"a\":\"\t\"}", "{\"a\":\"\n\"}", "{\"a\":\"\u{1F}\"}", "{\"a\":\"\u{0}\"}", "{\"a\n\":1}", "\u{C}{}",
            "{\u{A0}}", "{\u{2028}}", #"{"a":1//c"# + "\n}", "{/**/}", #"{"a":1;"b":2}"#,
        ]
    )
    func forbidden(text: String) {
        #expect(!FoundationJudge.accepts(Array(text.utf8)), "Foundation must agree")
        #expect(throws: JSONSyntaxError.self) { try JSONDocument(Array(text.utf8)) }
    }

    /// Deviations of Foundation from RFC 8259 or the contract, each with its reason.
    @Test(
        "documents that Foundation accepts and RFC 8259 or the contract forbids",
        arguments: [
            (#"{"a":1,}"#, "a comma before the end"), (#"{"a":[1,]}"#, "a comma before the end"),
            ("[]", "no object"), ("1", "no object"), (#""a""#, "no object"), ("null", "no object"),
            ("\u{FEFF}{}", "a byte order mark"),
        ]
    )
    func stricter(text: String, reason: String) {
        #expect((try? PlainJSON(text)) != nil, "Foundation accepts \(reason)")
        #expect(throws: JSONSyntaxError.self) { try JSONDocument(Array(text.utf8)) }
    }

    @Test("UTF-16 is rejected", arguments: [true, false])
    func utf16(isBigEndian: Bool) {
        let bytes = #"{"a":1}"#.utf8.flatMap { byte -> [UInt8] in isBigEndian ? [0, byte] : [byte, 0] }
        #expect(throws: JSONSyntaxError.self) { try JSONDocument(bytes) }
    }

    /// Such a document is echoed unchanged; Foundation only fails to make a value of it.
    @Test(
        "documents that Foundation rejects and RFC 8259 allows",
        arguments: [
            #"{"a":"\uD800"}"#, #"{"a":"\uDC00"}"#, #"{"a":"\uDC00\uD800"}"#, #"{"\uD800":1}"#,
            #"{"a":"\uD800\u0041"}"#,
            #"{"a":1e999}"#, #"{"a":0e1}"#, #"{"a":\#(String(repeating: "7", count: 1000))}"#,
        ]
    )
    func laxer(text: String) throws {
        #expect(!FoundationJudge.accepts(Array(text.utf8)))
        let document = try JSONDocument(Array(text.utf8))
        #expect(document.bytes(adding: []) == Array(text.utf8))
        #expect(OwnReading(document).value == nil, "Foundation has no such value")
    }

    @Test(
        "bytes that are not UTF-8",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x82], [0xC3],
        ] as [[UInt8]]
    )
    func invalidUTF8(bytes: [UInt8]) {
        for (before, after) in [(#"{"a":""#, #""}"#), (#"{""#, #"":1}"#)] {
            let payload = Array(before.utf8) + bytes + Array(after.utf8)
            #expect(!FoundationJudge.accepts(payload))
            let error = #expect(throws: JSONSyntaxError.self) { try JSONDocument(payload) }
            #expect(error?.offset == before.utf8.count, "the offset is that of the first wrong byte")
        }
    }
}
