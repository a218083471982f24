// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import Testing

@testable import SteelyardCore

@Suite("ARCHIVE: messages")
struct ArchiveMessageTests {
    static let fields = [
        ("hpcs_object_store_type", #""swift""#), ("hpcs_object_store_endpoint", #""https://example.com/v1/100""#),
        ("hpcs_object_store_token", #""s3cret""#), ("hpcs_object_store_basepath", #""lbaaslogs""#),
    ]

    static func text(
        without: String = "",
        _ more: String...,
        list: String = #"[{"id":"15","protocol":"HTTP"}]"#
    ) -> String {
        let given = fields.filter { $0.0 != without && $0.0 != "" }.map { "\"\($0.0)\":\($0.1)" }
        return #"{"hpcs_action":"ARCHIVE",\#((given + more).joined(separator: ",")),"loadbalancers":\#(list)}"#
    }

    private func decode(_ text: String) throws -> ArchiveRequest {
        guard case .archive(let request) = try Message(JSONDocument(Array(text.utf8)), stores: [.swift]).action else {
            throw InvalidValue("must be an ARCHIVE")
        }
        return request
    }

    @Test("each required field", arguments: Self.fields.map(\.0))
    func required(name: String) async throws {
        try await Refusal("", "", "is missing").check(message: Self.text(without: name), path: name)
        for (value, found) in [
            ("null", "null"), ("7", "a number"), ("[]", "a list"), ("{}", "an object"), ("true", "a boolean"),
        ] {
            let message = Self.text(without: name, "\"\(name)\":\(value)")
            try await Refusal("", "", "must be a string, not \(found)").check(message: message, path: name)
        }
        let outcome = await TestAgent().dispatcher.handle(Array(Self.text("\"\(name)\":\"x\"").utf8), job: TestJob())
        #expect(String(decoding: outcome.reply.bytes, as: UTF8.self).contains("\(name) appears more than once"))
    }

    @Test("the list in both spellings", arguments: UpdateMessage.spellings)
    func list(spelling: String) async throws {
        func message(_ list: String) -> String {
            Self.text(list: list).replacing("\"loadbalancers\"", with: "\"\(spelling)\"")
        }
        let rows: [Refusal] = [
            Refusal("null", "", "must be a list, not null"), Refusal("{}", "", "must be a list, not an object"),
            Refusal("[]", "", "must have 1 to 100 load balancers, not 0"),
            Refusal(
                "[\(Array(repeating: "{}", count: 101).joined(separator: ","))]",
                "",
                "has 101 load balancers; the limit is 100"
            ),
            Refusal("[7]", "[0]", "must be an object, not a number"),
            Refusal(#"[{"id":"1"}]"#, "[0].protocol", "is missing"),
            Refusal(#"[{"protocol":null}]"#, "[0].protocol", "must be a string, not null"),
            Refusal(
                #"[{"protocol":"HTTP"},{"protocol":"FTP"}]"#,
                "[1].protocol",
                "must be HTTP, TCP, GALERA, TERMINATED_HTTPS or HTTPS, not \"FTP\""
            ),
            Refusal(#"[{"protocol":"HTTP","id":"../x"}]"#, "[0].id", "must be 1 to 64 letters, digits"),
            Refusal(#"[{"protocol":"HTTP","id":".."}]"#, "[0].id", "must not be \"..\""),
            Refusal(#"[{"protocol":"HTTP","id":""}]"#, "[0].id", "must be 1 to 64 letters"),
            Refusal(
                #"[{"protocol":"HTTP","id":"a"},{"protocol":"TCP","id":"a"}]"#,
                "[1].id",
                "is \"a\", the same as [0]"
            ),
        ]
        for row in rows { try await row.check(message: message(row.input), path: spelling + row.path) }
        #expect(try decode(message(#"[{"protocol":"HTTP"}]"#)).items.count == 1)
    }

    @Test("without a list, or with two")
    func noList() async throws {
        let message = Self.text().replacing("\"loadbalancers\"", with: "\"balancers\"")
        try await Refusal("", "", "is missing").check(message: message, path: "loadbalancers")
        try await Refusal("", "", "and loadBalancers are both present").check(
            message: Self.text(#""loadBalancers":[]"#),
            path: "loadbalancers"
        )
    }

    @Test("types in any case, and no other", arguments: ["swift", "SWIFT", "Swift"])
    func types(text: String) async throws {
        let name = "hpcs_object_store_type"
        #expect(try decode(Self.text(without: name, "\"\(name)\":\"\(text)\"")).items.count == 1)
        let wrong = Self.text(without: name, "\"\(name)\":\"\(text)3\"")
        try await Refusal("", "", "must be SWIFT").check(message: wrong, path: name)
    }

    @Test("ids are strings, numbers or the position; each protocol maps to one of the two logs")
    func items() throws {
        let list =
            #"[{"protocol":"tcp"},{"id":15,"protocol":"HTTP"},{"id":null,"protocol":"GALERA","name":7},{"id":"x.y","protocol":"http"}]"#
        let items = try decode(Self.text(list: list)).items
        #expect(items.map(\.id.description) == ["1", "15", "3", "x.y"])
        #expect(items.map(\.protocol.proxyKind) == [.tcp, .http, .tcp, .http])
    }

    @Test(
        "rejected endpoints",
        arguments: [
            "", "example.com", "ftp://example.com", "file:///etc/passwd", "https://", "https:///v1",
            "https://user:p@example.com",
            "https://example.com/v1?x=1", "https://example.com/#x", "https://example.com/../x",
            "https://example.com:0/",
            "https://exa mple.com/", "https://example.com/\n", "https://example.com/\u{0}", "https://exämple.com/",
            "https://example.com/%2e%2E/x", #"https://example.com\x"#,
        ]
    )
    func endpoints(text: String) async throws {
        let name = "hpcs_object_store_endpoint"
        let quoted = String(decoding: JSONFragment.string(text).json, as: UTF8.self)
        try await Refusal("", "", "must ").check(message: Self.text(without: name, "\"\(name)\":\(quoted)"), path: name)
    }

    @Test(
        "rejected base paths",
        arguments: [
            ("", "must name a container"), ("/", "must name a container"), ("..", "must not contain '..'"),
            ("a/../b", "must not contain '..'"), ("a/..", "must not contain '..'"),
            ("a/./b", "must not contain '..'"),
            ("a\n", "must not contain control characters"), ("a\u{0}b", "must not contain control characters"),
            ("a\u{7F}", "must not contain control characters"), ("a\u{85}", "must not contain control characters"),
            (String(repeating: "a", count: 257), "must be at most 256 bytes, not 257"),
            (String(repeating: "é", count: 129), "must be at most 256 bytes, not 258"),
        ]
    )
    func basePaths(text: String, cause: String) async throws {
        let name = "hpcs_object_store_basepath"
        let quoted = String(decoding: JSONFragment.string(text).json, as: UTF8.self)
        try await Refusal("", "", cause).check(message: Self.text(without: name, "\"\(name)\":\(quoted)"), path: name)
    }
}
