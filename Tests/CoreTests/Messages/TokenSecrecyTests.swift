// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardCore

@Suite("The token is a secret")
struct TokenSecrecyTests {
    private static let secret = "gAAAAABo-s3cret"

    @Test(
        "the error about an invalid token does not contain the token",
        arguments: [
            "", " ", "a b", "a\n", "a\r\nX-Evil: 1", "é", "a\u{0}", "a\u{7F}", String(repeating: "a", count: 8193),
        ]
    )
    func wrong(tail: String) async throws {
        let token = tail.isEmpty ? "" : Self.secret + tail
        let name = "hpcs_object_store_token"
        let quoted = String(decoding: JSONFragment.string(token).json, as: UTF8.self)
        let message = ArchiveMessageTests.text(without: name, "\"\(name)\":\(quoted)")
        try await Refusal("", "", "must be 1 to 8192 visible ASCII").check(message: message, path: name)
        let agent = TestAgent()
        let answer = try await agent.send(message)
        #expect(answer.error?.contains("s3cret") == false)
        #expect(!agent.log.lines.isEmpty)
        #expect(!agent.log.lines.contains { $0.contains("s3cret") })
    }

    @Test(
        "no log line and no error contains it, whatever the ARCHIVE's result",
        arguments: [true, false],
        [true, false]
    )
    func logs(storeWorks: Bool, deviceWorks: Bool) async throws {
        let store = RecordingStore(failure: { _ in storeWorks ? nil : ObjectStoreError(.unauthorized, "who are you?") })
        let agent = TestAgent(store: store)
        if deviceWorks {
            try await agent.update()
        } else {
            _ = try await agent.send(#"{"hpcs_action":"DELETE"}"#)
        }
        let name = "hpcs_object_store_token"
        let message = ArchiveMessageTests.text(without: name, #""\#(name)":"\#(Self.secret)""#)
        let answer = try await agent.send(message)
        #expect(answer.passed == (storeWorks && deviceWorks))
        #expect(answer.json[name]?.string == Self.secret, "the reply echoes it")
        #expect(answer.error?.contains(Self.secret) != true)
        #expect(!agent.log.lines.isEmpty && !agent.log.lines.contains { $0.contains(Self.secret) })
        #expect(agent.store.uploads.map(\.token) == (answer.passed ? [Self.secret] : []), "the store needs it")
    }

    @Test(
        "a token in the wrong field is not quoted",
        arguments: [
            #"{"protocol":"gAAAAABo-s3cret-token"}"#, #"{"protocol":"HTTP","id":"gAAAAABo-s3cret-token$"}"#,
            #"{"protocol":"HTTP","id":"gAAAAABo-s3cret-token"},{"protocol":"TCP","id":"gAAAAABo-s3cret-token"}"#,
        ]
    )
    func wrongField(items: String) async throws {
        let message = ArchiveMessageTests.text(list: "[\(items)]")
        let agent = TestAgent()
        let answer = try await agent.send(message)
        #expect(answer.error?.contains("loadbalancers[") == true, "\(answer.error ?? "")")
        #expect(answer.error?.contains("gAAAA") == false, "\(answer.error ?? "")")
        #expect(!agent.log.lines.contains { $0.contains("s3cret") })
    }

    @Test(
        "a valid object name or host that contains it is rejected",
        arguments: [
            ("hpcs_object_store_basepath", "gAAAAABo-s3cret-token/logs"),
            ("hpcs_object_store_endpoint", "https://gAAAAABo-s3cret-token.example.com/v1"),
        ]
    )
    func inAName(field: String, value: String) async throws {
        let token = "hpcs_object_store_token"
        let others = ArchiveMessageTests.fields.filter { $0.0 != token && $0.0 != field }.map { "\"\($0.0)\":\($0.1)" }
        let named = others + ["\"\(token)\":\"\(Self.secret)-token\"", "\"\(field)\":\"\(value)\""]
        let list = #"[{"id":"15","protocol":"HTTP"}]"#
        let message = #"{"hpcs_action":"ARCHIVE",\#(named.joined(separator: ",")),"loadbalancers":\#(list)}"#
        let agent = TestAgent()
        let answer = try await agent.send(message)
        #expect(answer.error?.contains("\(field) must not contain the token") == true, "\(answer.error ?? "")")
        #expect(!agent.log.lines.contains { $0.lowercased().contains("s3cret") })
    }

    @Test("a printed message does not contain it")
    func printing() throws {
        let name = "hpcs_object_store_token"
        let text = ArchiveMessageTests.text(without: name, #""\#(name)":"\#(Self.secret)""#)
        let message = try Message(JSONDocument(Array(text.utf8)), stores: [.swift])
        guard case .archive(let request) = message.action else {
            Issue.record("the message is no ARCHIVE")
            return
        }
        #expect(request.credentials[name]?.secret == Self.secret)
        var dumped = ""
        dump(message, to: &dumped)
        dump(request.credentials, to: &dumped)
        let printed = [
            "\(message)", "\(message.action)", "\(request)", "\(request.credentials)", String(reflecting: message),
            String(reflecting: request.credentials), String(describing: request.credentials), dumped,
        ]
        for text in printed { #expect(!text.contains(Self.secret), "\(text)") }
        #expect("\(request.credentials)" == "***")
        #expect(request.credentials[name].map { "\($0)" } == "***")
    }

    @Test("the longest and most unusual tokens", arguments: [String(repeating: "~", count: 8192), "!", #""'\<>{}`"#])
    func right(token: String) throws { #expect(try StorageToken(token).secret == token) }
}
