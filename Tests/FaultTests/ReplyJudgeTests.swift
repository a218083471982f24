// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FaultSuite

/// Replies that the suite rejects.
struct ReplyJudgeTests {
    private enum Kind {
        case passed
        case failed
        case wrong
    }

    private let messages = DeviceMessages(httpPort: 8080, tcpPort: 8081, backEnds: [8082, 8083])

    private func judge(_ message: DeviceMessages.Message, _ reply: String, isDamaged: Bool = false) -> Kind {
        switch ReplyJudge.judge(message, reply: Array(reply.utf8), isDamaged: isDamaged) {
        case .passed: .passed
        case .failed: .failed
        case .wrong: .wrong
        }
    }

    /// The reply that echoes the message.
    private func reply(to message: DeviceMessages.Message, _ more: String) -> String {
        String(decoding: message.payload.dropLast(), as: UTF8.self) + more + "}"
    }

    @Test func changes() {
        let update = messages.update(7, tag: "t1")
        #expect(judge(update, reply(to: update, #","hpcs_response":"PASS""#)) == .passed)
        #expect(judge(update, reply(to: update, #","hpcs_response":"FAIL","hpcs_error":"no""#)) == .failed)
        #expect(judge(update, reply(to: update, #","hpcs_response":"FAIL""#)) == .wrong)
        #expect(judge(update, reply(to: update, "")) == .wrong)
        let other = messages.update(8, tag: "t1")
        #expect(judge(update, reply(to: other, #","hpcs_response":"PASS""#)) == .wrong)
    }

    @Test func replyToAnotherMessage() {
        let (first, second) = (messages.plain("ENABLE", tag: "t1"), messages.plain("ENABLE", tag: "t2"))
        #expect(judge(first, reply(to: second, #","hpcs_response":"PASS""#)) == .wrong)
    }

    @Test func statistics() {
        let stats = messages.plain("STATS", tag: "t1")
        let nodes = #","nodes":[{"id":"n0","status":"UP"},{"id":"v7","status":"DISABLED"}]"#
        #expect(judge(stats, reply(to: stats, #"\#(nodes),"hpcs_response":"PASS""#)) == .passed)
        #expect(judge(stats, reply(to: stats, #","status":"SUSPENDED","hpcs_response":"PASS""#)) == .passed)
        #expect(judge(stats, reply(to: stats, #","nodes":[],"hpcs_response":"PASS""#)) == .wrong)
    }

    /// Only the reply to an invalid message echoes nothing.
    @Test func replyThatRepeatsNothing() {
        let bare = #"{"hpcs_response":"FAIL","hpcs_error":"invalid JSON"}"#
        #expect(judge(messages.malformed(0), bare) == .failed)
        #expect(judge(messages.malformed(0), #"{"hpcs_response":"PASS"}"#) == .wrong)
        #expect(judge(messages.malformed(0), "") == .wrong)
        #expect(judge(messages.plain("STATS", tag: "t1"), bare) == .wrong)
        #expect(judge(messages.plain("STATS", tag: "t1"), bare, isDamaged: true) == .failed)
    }
}
