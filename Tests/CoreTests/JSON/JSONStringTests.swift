// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardCore

/// Strings are scanned eight bytes at a time: the end must be found at each offset.
@Suite("JSON's strings, byte by byte", .ownThread)
struct JSONStringTests {
    @Test("each ASCII byte at each offset of a string", arguments: ["a", "!", "#", "[", "]", "é", "\u{7F}"])
    func everyByte(filler: String) throws {
        for before in 0..<10 {
            let text = String(repeating: filler, count: before)
            for byte in UInt8(0)..<0x80 where byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
                let start = Array("{\"a\":\"\(text)".utf8)
                let payload = start + [byte] + Array("\(text)\"}".utf8)
                guard byte >= 0x20 else {
                    let error = #expect(throws: JSONSyntaxError.self) { try JSONDocument(payload) }
                    #expect(error?.problem == "unescaped control character in a string")
                    #expect(error?.offset == start.count)
                    continue
                }
                let expected = text + String(Unicode.Scalar(byte)) + text
                guard try JSONDocument(payload).root.string(of: "a") == expected else {
                    Issue.record("\(byte) after \(before) times \(filler)")
                    return
                }
            }
        }
    }

    @Test("quotes and escape sequences at each offset", arguments: ["a", "é", "\u{10FFFF}"])
    func escapes(filler: String) throws {
        for before in 0..<18 {
            for after in 0..<10 {
                let (start, end) = (String(repeating: filler, count: before), String(repeating: filler, count: after))
                for (escape, meaning) in [("", ""), (#"\""#, "\""), (#"\\"#, "\\"), (#"\u0041\n"#, "A\n")] {
                    let payload = #"{"\#(start)\#(escape)\#(end)":1,"a":"\#(start)\#(escape)\#(end)","b":"c"}"#
                    let document = try JSONDocument(Array(payload.utf8))
                    guard document.root.string(of: "b") == "c", document.root.count == 3,
                        document.root.string(of: "a") == start + meaning + end
                    else {
                        Issue.record("\(payload)")
                        return
                    }
                }
            }
        }
    }
}
