// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardCore

@Suite("Replies", .ownThread)
struct ReplyTests {
    private func reply(_ request: String, _ fields: [JSONFragment.Member] = [], passed: Bool = true) throws -> String {
        let document = try JSONDocument(Array(request.utf8))
        return String(decoding: Reply(to: document, passed: passed, fields: fields).bytes, as: UTF8.self)
    }

    @Test(
        "the request's bytes are echoed unchanged",
        arguments: [
            #"{"a":1}"#, #"{"z":1,"a":2,"m":3}"#, #"{ "a" :  [ 1 ,2 , {"b" : null} ] }"#, "{\n\t\"a\": 1\n}",
            #"{"n":\#(String(repeating: "7", count: 1000))}"#,
            #"{"n":-0.000000000000000000000000000000000000000001E+0400}"#,
            #"{"n":18446744073709551616}"#, #"{"n":1.10}"#, #"{"s":"\u0041\/\ud83d\ude00\uD800"}"#, #"{"s":"é😀"}"#,
            #"{"a":1,"a":2}"#, #"{"":{"":[]}}"#, #"{"a":"hpcs_response"}"#,
            #"{"a":{"hpcs_response":"x","hpcs_error":1}}"#,
            #"{"HPCS_RESPONSE":"x"}"#,
        ]
    )
    func verbatim(request: String) throws {
        // The text before the bracket that ends the object, without white space.
        let body = request.dropLast().reversed().drop(while: \.isWhitespace).reversed()
        #expect(try reply(request) == String(body) + #","hpcs_response":"PASS"}"#)
    }

    @Test("white space around the object and before its end is removed", arguments: ["", " ", "\r\n\t "])
    func outerSpace(space: String) throws {
        #expect(try reply("\(space){\(space)}\(space)") == #"{"hpcs_response":"PASS"}"#)
        #expect(try reply(#"\#(space){"a":1\#(space)}\#(space)"#) == #"{"a":1,"hpcs_response":"PASS"}"#)
    }

    @Test(
        "an added member appears once, whatever the request contains",
        arguments: [
            (#"{"hpcs_response":"FAIL"}"#, #"{"nodes":[],"hpcs_response":"PASS"}"#),
            (#"{"hpcs_response":"FAIL","a":1}"#, #"{"a":1,"nodes":[],"hpcs_response":"PASS"}"#),
            (#"{"a":1,"hpcs_response":"FAIL"}"#, #"{"a":1,"nodes":[],"hpcs_response":"PASS"}"#),
            (#"{"a":1,"nodes":[1,{}],"b":2}"#, #"{"a":1,"b":2,"nodes":[],"hpcs_response":"PASS"}"#),
            (#"{"nodes":1,"nodes":2,"hpcs_response":3,"hpcs_response":4}"#, #"{"nodes":[],"hpcs_response":"PASS"}"#),
            (#"{"hpcs\u005fresponse":"FAIL","\u006e\u006F\u0064es":0}"#, #"{"nodes":[],"hpcs_response":"PASS"}"#),
            (
                #"{"x":{"hpcs_response":1},"hpcs_response":2}"#,
                #"{"x":{"hpcs_response":1},"nodes":[],"hpcs_response":"PASS"}"#
            ),
            (
                #"{"Nodes":1,"node":2,"nodess":3}"#,
                #"{"Nodes":1,"node":2,"nodess":3,"nodes":[],"hpcs_response":"PASS"}"#
            ),
            (#"{"hpcs_error":"old","a":1,"hpcs_error_code":"x"}"#, #"{"a":1,"nodes":[],"hpcs_response":"PASS"}"#),
            (#"{"\ud800nodes":1}"#, #"{"\ud800nodes":1,"nodes":[],"hpcs_response":"PASS"}"#),
        ]
    )
    func replaced(request: String, expected: String) throws {
        #expect(try reply(request, [.init("nodes", .array([]))]) == expected)
    }

    @Test("a FAIL contains its error once, without the error of an earlier reply")
    func error() throws {
        let request = #"{"hpcs_error":"old","a":1,"hpcs_response":"PASS"}"#
        let reply = Reply(to: try JSONDocument(Array(request.utf8)), error: "a \"new\"\nerror")
        #expect(!reply.passed)
        #expect(
            String(decoding: reply.bytes, as: UTF8.self)
                == #"{"a":1,"hpcs_error":"a \"new\"\u000aerror","hpcs_response":"FAIL"}"#
        )
    }

    @Test("without a request, the reply contains only the added members")
    func bare() throws {
        let reply = Reply(to: nil, error: "no")
        #expect(try PlainJSON(reply.bytes) == ["hpcs_response": "FAIL", "hpcs_error": "no"])
    }

    @Test("for any object, the reply without the added members is the request", arguments: Seeds.first(4))
    func property(seed: UInt64) throws {
        var generator = DocumentGenerator(seed: seed)
        let added: [JSONFragment.Member] = [.init("status", .string("x")), .init("hpcs_error", .string("no"))]
        let names: Set = ["status", "hpcs_error", "hpcs_response"]
        for _ in 0..<300 {
            var text = generator.document()
            if generator.random.isLucky(oneIn: 2) {
                // A reply that is sent as a request.
                text = String(
                    decoding: Reply(to: try JSONDocument(Array(text.utf8)), passed: true, fields: added).bytes,
                    as: UTF8.self
                )
            }
            let document = try JSONDocument(Array(text.utf8))
            let reply = try PlainJSON(Reply(to: document, passed: false, fields: added).bytes)
            guard try reply.without(names) == PlainJSON(text).without(names),
                reply["status"] == "x", reply["hpcs_error"] == "no", reply["hpcs_response"] == "FAIL"
            else {
                Issue.record("the reply is not the request plus the added members: \(text)")
                return
            }
        }
    }
}
