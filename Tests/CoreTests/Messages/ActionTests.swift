// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import Foundation
import Testing

@testable import SteelyardCore

@Suite("Actions and fields of every message")
struct ActionTests {
    @Test("every action passes, in any case", arguments: ActionKind.allCases)
    func actions(kind: ActionKind) async throws {
        for name in [kind.rawValue, kind.rawValue.lowercased(), kind.rawValue.capitalized] {
            let agent = TestAgent()
            try await agent.update()
            let template =
                switch kind {
                case .update: TestAgent.update(port: 81)
                case .archive: TestAgent.archive()
                default: #"{"hpcs_action":"\#(kind.rawValue)"}"#
                }
            let message = template.replacing("\"\(kind.rawValue)\"", with: "\"\(name)\"")
            let answer = try await agent.send(message)
            #expect(answer.passed, "\(answer.text)")
            #expect(answer.outcome.reply.passed)
            // The reply to METRICS adds a member with the name of UPDATE's list; its request has no such member.
            for (member, value) in try PlainJSON(message).members { #expect(answer.json[member] == value) }
        }
    }

    @Test(
        "invalid actions",
        arguments: [
            Refusal("{}", "hpcs_action", "is missing"),
            Refusal(#"{"HPCS_ACTION":"STATS"}"#, "hpcs_action", "is missing"),
            Refusal(#"{"hpcs_action":null}"#, "hpcs_action", "must be a string, not null"),
            Refusal(#"{"hpcs_action":1}"#, "hpcs_action", "must be a string, not a number"),
            Refusal(#"{"hpcs_action":["STATS"]}"#, "hpcs_action", "must be a string, not a list"),
            Refusal(#"{"hpcs_action":{}}"#, "hpcs_action", "must be a string, not an object"),
            Refusal(#"{"hpcs_action":true}"#, "hpcs_action", "must be a string, not a boolean"),
            Refusal(#"{"hpcs_action":""}"#, "hpcs_action", "must be UPDATE, SUSPEND, ENABLE,"),
            Refusal(#"{"hpcs_action":"STATS "}"#, "hpcs_action", "METRICS, DISCOVER, DIAGNOSTICS or ARCHIVE, not"),
            Refusal(#"{"hpcs_action":"ſTATS"}"#, "hpcs_action", "must be UPDATE"),
            Refusal(#"{"hpcs_action":"STATS\n"}"#, "hpcs_action", "must be UPDATE"),
            Refusal(#"{"hpcs_action":"STATS\u0000"}"#, "hpcs_action", "must be UPDATE"),
            Refusal(#"{"hpcs_action":"ST\ud800ATS"}"#, "hpcs_action", "contains an unpaired UTF-16 surrogate"),
        ]
    )
    func wrongActions(row: Refusal) async throws {
        // Foundation cannot read an unpaired surrogate; the reply echoes it.
        if row.input.contains(#"\ud800"#) {
            let outcome = await TestAgent().dispatcher.handle(Array(row.input.utf8), job: TestJob())
            let text = String(decoding: outcome.reply.bytes, as: UTF8.self)
            #expect(text.hasPrefix(row.input.dropLast()) && text.contains(#""hpcs_error":"\#(row.path) \#(row.cause)"#))
        } else {
            try await row.check(message: row.input, path: row.path)
        }
    }

    @Test("a duplicate field is rejected", arguments: [#""hpcs_action""#, #""hpcs\u005faction""#])
    func twice(name: String) async throws {
        let text = #"{"hpcs_action":"STATS",\#(name):"STATS"}"#
        let outcome = await TestAgent().dispatcher.handle(Array(text.utf8), job: TestJob())
        let reply = String(decoding: outcome.reply.bytes, as: UTF8.self)
        #expect(
            reply == text.dropLast()
                + #","hpcs_error_code":"invalid_field","hpcs_error_field":"hpcs_action","hpcs_error":"hpcs_action appears more than once","hpcs_response":"FAIL"}"#
        )
    }

    @Test("names and values may be escaped")
    func escaped() async throws {
        let answer = try await TestAgent().send(#"{"\u0068pcs_action":"\u0044ISCOVER"}"#)
        #expect(answer.passed && answer.json["version"] == "1.0")
    }

    @Test("unknown fields are ignored and echoed")
    func unknownFields() async throws {
        let more = #""x":{"y":[1,2.50]},"loadbalancers":"of no meaning here","hpcs_dry":null"#
        let answer = try await TestAgent().send(#"{"hpcs_action":"DISCOVER",\#(more)}"#)
        #expect(answer.passed && answer.text.contains(more))
    }

    @Test(
        "a message that is no JSON object gets a FAIL",
        arguments: [
            ("", "invalid JSON at byte 0: the text is empty"), ("  \n", "invalid JSON at byte 3: the text is empty"),
            ("[]", "invalid JSON at byte 0: expected an object"),
            ("[{\"hpcs_action\":\"STATS\"}]", "invalid JSON at byte 0: expected an object"),
            ("null", "invalid JSON at byte 0: expected an object"),
            ("STATS", "invalid JSON at byte 0: expected an object"),
            ("\u{0}", "invalid JSON at byte 0: expected an object"),
            ("{\"hpcs_action\"", "invalid JSON at byte 14: expected ':', found the end"),
            ("{}{}", "invalid JSON at byte 2: expected the end of the text after the object"),
            (
                "{\"a\":\(String(repeating: "[", count: 1_048_576))",
                "invalid JSON at byte 68: nested deeper than 64 levels"
            ),
        ]
    )
    func noObject(payload: String, cause: String) async throws {
        let agent = TestAgent()
        try await agent.update()
        let answer = try await agent.send(payload)
        #expect(Set(answer.json.members.keys) == ["hpcs_response", "hpcs_error", "hpcs_error_code"])
        #expect(answer.json.members["hpcs_error_code"] == .string("invalid_json"))
        #expect(answer.response == "FAIL")
        #expect(answer.error?.hasPrefix(cause) == true, "\(answer.text)")
        #expect(try await agent.send(#"{"hpcs_action":"STATS"}"#).passed)
    }

    @Test("bytes that are not UTF-8 get a FAIL that echoes none of them")
    func notUTF8() async throws {
        let answer = try await TestAgent().send(bytes: Array(#"{"hpcs_action":""#.utf8) + [0xFF] + Array(#""}"#.utf8))
        #expect(
            answer.json == [
                "hpcs_response": "FAIL", "hpcs_error": "invalid JSON at byte 16: invalid UTF-8",
                "hpcs_error_code": "invalid_json",
            ]
        )
    }

    @Test("8 MiB pass, and a byte more does not", arguments: [0, 1])
    func messageBytes(more: Int) async throws {
        let frame = #"{"hpcs_action":"DISCOVER","x":""}"#
        let filling = String(repeating: "x", count: 8 * 1024 * 1024 - frame.utf8.count + more)
        let message = frame.replacing(#""""#, with: "\"\(filling)\"")
        let agent = TestAgent()
        let outcome = await agent.dispatcher.handle(Array(message.utf8), job: TestJob())
        #expect(outcome.reply.passed == (more == 0))
        if more == 1 {
            let answer = try Answer(outcome)
            #expect(answer.json["hpcs_error_code"] == "message_too_large" && answer.json.members.count == 3)
            #expect(answer.error == "the message has 8388609 bytes; the limit is 8388608")
        }
    }

    @Test("the size limit is configurable")
    func otherLimit() async throws {
        let agent = TestAgent(limits: MessageLimits(messageBytes: 30))
        let fits = #"{"hpcs_action":"DISCOVER"}    "#
        #expect(fits.utf8.count == 30)
        #expect(try await agent.send(fits).passed)
        #expect(try await agent.send(fits + " ").error == "the message has 31 bytes; the limit is 30")
        #expect(agent.dispatcher.refuse(byteCount: 30, job: TestJob()) == nil)
        let refused = try Answer(try #require(agent.dispatcher.refuse(byteCount: 1_000_000_000_000, job: TestJob())))
        #expect(refused.error == "the message has 1000000000000 bytes; the limit is 30")
    }
}
