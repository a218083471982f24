// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import Subprocess
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// Hostile texts in the fields of policies, pools, headers, pages and persistence: each is exactly one word, or is rejected.
@Suite(.ownThread)
struct RoutingHostileValueTests {
    /// The texts of ``HostileValueTests``, each byte of ASCII but letters and digits in three places, and what HAProxy could take for a flag, a
    /// quote, a variable, an expression or a comment.
    static let hostile: [String] = HostileValueTests.hostile + bytes + special

    private static let bytes = (UInt8(0)...127).filter { !(0x30...0x39 ~= $0 || 0x61...0x7A ~= $0 | 0x20) }.flatMap {
        byte in
        let text = String(decoding: [byte], as: UTF8.self)
        return [
            text + "ab", "a" + text + "b", "ab" + text, "https://example.com/a\(text)b", "https://a\(text)b/",
            "http://a/\(text)",
        ]
    }

    private static let special = [
        "-f", "-i", "--", "-f /etc/passwd", "-m reg", "-M", "-n", "-u 5", "-- x", "'", "''", "'''", "'a", "a'",
        "' -f /etc/passwd '",
        "\"", "\"a", "\" -f /etc/passwd \"", "\\", "\\\\", "\\'", "a\\", "'\\''", "'\"'\"'", "%[src]", "%[env(HOME)]",
        "%%", "%",
        "%{+Q}[src]", "\"$HOME\"", "'$HOME'", "\"${HOME}\"", "$(id)", "#", " # a", "a # b", "' # '",
        "{ src 0.0.0.0/0 }", "||", "or",
        "unless", "if TRUE", "TRUE", "FALSE", " ", "  ", " a", "a ", "a,b", ",", "a//b", "/./", "/../", "\\x00", "\\0",
        "\\d+", "(a|b)",
        "é", "e\u{301}", "日本", "😀", "\u{202E}", "\u{200B}", "\u{FEFF}", String(repeating: "'", count: 255),
        String(repeating: "é", count: 127), String(repeating: "x", count: 255), String(repeating: "x", count: 256),
        String(repeating: "a", count: 128), String(repeating: "a", count: 129), "https://www.example.com/",
        "https://example.com/%[src]", "https://example.com/' if TRUE", "https://example.com/\" x",
        "https://example.com/$HOME",
        "https://example.com/${HOME}", "https://example.com/#x", "https://example.com/\\",
        "https://example.com/%20%25%5B",
        "https://example.com/a b", "https://example.com/\r\nSet-Cookie: x", "https://example.com/%0d%0aSet-Cookie:x",
        "https://example.com/%",
        "https://example.com/%4", "https://a@example.com/", "https://example.com:0/", "https://example.com:99999/",
        "https://[::1]/",
        "https://[::1", "https:///x", "http://", "//example.com", "javascript:alert(1)", "HTTP://EXAMPLE.com",
        "https://exa'mple.com/",
        "https://example.com/" + String(repeating: "%25", count: 164),
        "https://example.com/" + String(repeating: "x", count: 600),
        "http-servers", "http-servers:p", "p:q", "X-Forwarded-For", "x-forwarded-port", "X-SSL-Client-DN", "503",
        "+503", "0503", "503 ",
        "५०३",
    ]

    /// How a text appears in haproxy.cfg.
    private enum Rendering {
        case unchanged
        /// In a log format, `%` is written twice.
        case inLogFormat
        /// A name's last dot is left out.
        case withoutLastDot
        case absent

        func callAsFunction(_ text: String) -> String {
            switch self {
            case .unchanged: text
            case .inLogFormat: text.replacing("%", with: "%%")
            case .withoutLastDot: String(text.hasSuffix(".") ? text.dropLast() : text[...])
            case .absent: ""
            }
        }
    }

    /// A field, and the JSON of a load balancer with a text in it.
    private struct Field: Sendable {
        let name: String
        let rendered: Rendering
        let members: @Sendable (_ text: String) -> String

        init(
            _ name: String,
            _ rendered: Rendering = .unchanged,
            members: @escaping @Sendable (_ text: String) -> String
        ) {
            self.name = name
            self.rendered = rendered
            self.members = members
        }

        /// A harmless text that is rendered in the same way.
        func plain(like text: String) -> String {
            switch name {
            case "redirect_url", "redirect_prefix": "http://plain.example.com/"
            case "rule.value":
                "plain" + (["//", "/./", "/../"].contains { text.contains($0) } ? "//" : "")
                    + (text.contains(",") ? "," : "")
            default: "plain"
            }
        }
    }

    private static func rule(_ kind: String, _ comparison: String, _ value: String, key: String? = nil) -> String {
        let key = key.map { #", "key": \#($0)"# } ?? ""
        return #"{"type": "\#(kind)", "compare_type": "\#(comparison)", "value": \#(value)\#(key)}"#
    }

    private static let fields: [Field] = [
        Field("rule.value") { text in
            let rules = [
                rule("HOST_NAME", "EQUAL_TO", text), rule("PATH", "STARTS_WITH", text),
                rule("FILE_TYPE", "EQUAL_TO", text),
                rule("HEADER", "CONTAINS", text, key: #""A""#), rule("COOKIE", "ENDS_WITH", text, key: #""A""#),
                rule("PATH", "REGEX", text),
            ]
            return #""nodes": [], "l7policies": [{"action": "REJECT", "rules": [\#(rules.joined(separator: ", "))]}]"#
        },
        Field("rule.key") { text in
            let rules = ["HEADER", "COOKIE"].map { rule($0, "EQUAL_TO", #""x""#, key: text) }
            return #""nodes": [], "l7policies": [{"action": "REJECT", "rules": [\#(rules.joined(separator: ", "))]}]"#
        },
        Field("redirect_url", .inLogFormat) { text in
            #""nodes": [], "l7policies": [{"action": "REDIRECT_TO_URL", "redirect_url": \#(text), "rules": [\#(rule("PATH", "EQUAL_TO", #""x""#))]}]"#
        },
        Field("redirect_prefix", .inLogFormat) { text in
            #""nodes": [], "l7policies": [{"action": "REDIRECT_PREFIX", "redirect_prefix": \#(text), "rules": [\#(rule("PATH", "EQUAL_TO", #""x""#))]}]"#
        },
        Field("pool.id") { text in
            """
            "nodes": [], "pools": [{"id": \(text), "nodes": [{"address": "10.0.0.1", "port": 80}]}],
            "l7policies": [{"action": "REDIRECT_TO_POOL", "redirect_pool_id": \(text), "rules": [\(rule("PATH", "EQUAL_TO", #""x""#))]}]
            """
        },
        Field("pool.name", .absent) { text in
            #""nodes": [], "pools": [{"id": "p", "name": \#(text), "nodes": []}]"#
        },
        Field("cookie_name") { text in
            #""nodes": [], "session_persistence": {"type": "APP_COOKIE", "cookie_name": \#(text)}"#
        },
        Field("error_pages", .absent) { text in #""nodes": [], "error_pages": {"503": \#(text)}"# },
        Field("tls_server_name", .withoutLastDot) { text in
            """
            "tls_enabled": true, "tls_server_name": \(text), "nodes": [{"address": "10.0.0.1", "port": 443}],
            "pools": [{"id": "p", "tls_enabled": true, "tls_server_name": \(text), "nodes": [{"address": "10.0.0.1", "port": 443}]}]
            """
        },
    ]

    @Test
    func eachTextIsOneWord() async throws {
        try await blocking { try Self.tryEachField() }
    }

    private static func tryEachField() throws {
        var accepted: [String: Int] = [:]
        for field in fields {
            var references: [String: [[[UInt8]]]] = [:]
            for text in hostile {
                guard let set = decode(field.members(quoted(text))) else { continue }
                accepted[field.name, default: 0] += 1
                let comment: Comment = "\(field.name) = \(text.debugDescription)"
                let plain = field.plain(like: text)
                if references[plain] == nil {
                    let harmless = try #require(decode(field.members(quoted(plain))))
                    references[plain] = HAProxyTokens.lines(rendered(harmless).text)
                }
                let reference = references[plain] ?? []
                let found = try #require(HAProxyTokens.lines(rendered(set).text), comment)
                let expected = reference.map { line in
                    line.map { word in
                        let text = field.rendered(text)
                        return Array(
                            String(decoding: word, as: UTF8.self).replacing(field.rendered(plain), with: text).utf8
                        )
                    }
                }
                #expect(found.count == expected.count, comment)
                // The only words that are not as they were sent: paths without percent-encoding.
                let decoded = field.name == "rule.value" ? try? L7Value(text).decodedPath.description : nil
                for (line, wanted) in zip(found, expected) where withoutDigest(line) != withoutDigest(wanted) {
                    if let decoded, line == Array(wanted.dropLast(1)) + [Array(decoded.utf8)],
                        wanted.contains(Array("beg".utf8))
                    {
                        continue
                    }
                    Issue.record("\(comment): \(line.map { String(decoding: $0, as: UTF8.self) })")
                }
            }
        }
        for field in fields { #expect(accepted[field.name, default: 0] > 20, "\(field.name): \(accepted)") }
        #expect(accepted["rule.value", default: 0] > 300)
    }

    /// The name of a page's file contains a digest of the page.
    private static func withoutDigest(_ line: [[UInt8]]) -> [[UInt8]] {
        line.map { String(decoding: $0, as: UTF8.self).hasSuffix(".html") ? [] : $0 }
    }

    /// Names and choices: nothing but the known ones is accepted.
    @Test
    func namesAreKnownOnes() {
        let names = [
            "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", "TRUE", "HTTP_COOKIE", "SOURCE_IP", "NONE",
            "PATH", "REJECT",
        ]
        for text in Self.hostile where !names.contains(where: { $0.lowercased() == text.lowercased() }) {
            let text = Self.quoted(text)
            let rule = Self.rule("PATH", "EQUAL_TO", #""x""#)
            for members in [
                #""insert_headers": {\#(text): "true"}"#, #""session_persistence": {"type": \#(text)}"#,
                #""l7policies": [{"action": \#(text), "rules": [\#(rule)]}]"#,
                #""l7policies": [{"action": "REJECT", "rules": [{"type": \#(text), "compare_type": "EQUAL_TO", "value": "x"}]}]"#,
                #""l7policies": [{"action": "REJECT", "rules": [{"type": "PATH", "compare_type": \#(text), "value": "x"}]}]"#,
                #""l7policies": [{"action": "REDIRECT_TO_URL", "redirect_url": "http://a", "redirect_http_code": \#(text)}]"#,
            ] {
                #expect(Self.decode(#""nodes": [], \#(members)"#) == nil, "\(members)")
            }
            if text != "\"503\"" {
                #expect(Self.decode(#""nodes": [], "error_pages": {\#(text): "x"}"#) == nil, "\(text)")
            }
        }
    }

    /// HAProxy itself compares the texts: a header with the text is found, and one without it is not.
    @Test(Requirement.haproxy.trait)
    func haproxyReadsEachTextAsItWasSent() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        let texts = Self.hostile.filter { text in
            Self.decode(Self.fields[0].members(Self.quoted(text))) != nil && !text.hasPrefix(" ")
                && !text.hasSuffix(" ")
        }
        #expect(texts.count > 300)
        try await withDevice { device in
            for start in stride(from: 0, to: texts.count, by: 100) {
                let part = texts[start..<min(start + 100, texts.count)]
                let policies = part.enumerated().map { place, text in
                    let rules = [
                        Self.rule("HEADER", "EQUAL_TO", "\"\(place)\"", key: #""X-Row""#),
                        Self.rule("HEADER", "EQUAL_TO", Self.quoted(text), key: #""X-Text""#),
                    ]
                    return #"{"action": "REJECT", "rules": [\#(rules.joined(separator: ", "))]}"#
                }
                try await device.driver.apply(
                    device.decode(
                        #"\#(DeviceUnderTest.nodes(node.port)), "l7policies": [\#(policies.joined(separator: ", "))]"#
                    )
                )
                for (place, text) in part.enumerated() {
                    for (value, status) in [(text, 403), (text + "x", 200), ("x" + text, 200)] {
                        let request = "GET / HTTP/1.1\nHost: test\nX-Row: \(place)\nX-Text: \(value)"
                        let answer = try await RawAnswer.to(request, device.httpPort)
                        #expect(answer.status == status, "\(text.debugDescription) and \(value.debugDescription)")
                    }
                }
            }
        }
    }

    /// Every accepted text, checked by HAProxy: a hundred load balancers in each file.
    @Test(Requirement.haproxy.trait)
    func haproxyAcceptsWhateverIsAccepted() async throws {
        let sets = try await blocking {
            var sets: [LoadBalancerSet] = []
            for field in Self.fields where field.name != "pool.name" {
                let members = Self.hostile.map { field.members(Self.quoted($0)).replacing("REGEX", with: "EQUAL_TO") }
                    .filter { Self.decode($0) != nil }
                for start in stride(from: 0, to: members.count, by: 100) {
                    let part = members[start..<min(start + 100, members.count)]
                    sets.append(try #require(Self.decode(all: Array(part)), "\(field.name)"))
                }
            }
            return sets
        }
        #expect(sets.count > 15)
        try await withTemporaryFolder { folder in
            for set in sets {
                let rendered = Self.rendered(set)
                let file = try rendered.writeForCheck(in: folder)
                let result = try await Subprocess.run(
                    .path(FilePath(Environment.haproxy)),
                    arguments: ["-c", "-f", file.path],
                    output: .string(limit: 1 << 20),
                    error: .combinedWithOutput
                )
                #expect(result.terminationStatus.isSuccess, "\(result.standardOutput)\n\(rendered.text)")
            }
        }
    }

    // MARK: -

    private static func quoted(_ text: String) -> String {
        String(decoding: JSONFragment.string(text).json, as: UTF8.self)
    }

    private static func decode(_ members: String) -> LoadBalancerSet? { decode(all: [members]) }

    private static func decode(all members: [String]) -> LoadBalancerSet? {
        let list = members.enumerated().map { index, members in
            #"{"id": "\#(index)", "protocol": "HTTP", "port": \#(8080 + index), \#(members)}"#
        }
        let message = #"{"hpcs_action": "UPDATE", "loadbalancers": [\#(list.joined(separator: ", "))]}"#
        guard let document = try? JSONDocument(Array(message.utf8)), let decoded = try? Message(document),
            case .update(let set) = decoded.action
        else { return nil }
        return set
    }

    private static func rendered(_ set: LoadBalancerSet) -> RenderedConfiguration {
        let facts = DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: nil)
        guard let configuration = try? HAProxyConfiguration(["max_connections": 100], stateDirectory: "/tmp/x") else {
            preconditionFailure("valid options are rejected")
        }
        return HAProxyRenderer(configuration, facts).render(set, isSuspended: false)
    }
}
