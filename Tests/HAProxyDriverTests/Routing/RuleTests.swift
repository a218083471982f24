// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// What each kind of rule matches with each comparison, inverted and not, through a real HAProxy.
@Suite(Requirement.haproxy.trait)
struct RuleTests {
    private struct Row: Sendable {
        /// The members of the rule.
        let rule: String
        /// Requests that match: a path, and header fields after `\n`.
        let matches: [String]
        let others: [String]

        init(
            _ kind: String,
            _ comparison: String,
            _ value: String,
            key: String? = nil,
            _ matches: [String],
            not others: [String]
        ) {
            let text = String(decoding: JSONFragment.string(value).json, as: UTF8.self)
            let key = key.map { #", "key": "\#($0)""# } ?? ""
            rule = #""type": "\#(kind)", "compare_type": "\#(comparison)", "value": \#(text)\#(key)"#
            self.matches = matches
            self.others = others
        }
    }

    private static func hosts(_ names: String...) -> [String] { names.map { "/\nHost: \($0)" } }

    private static let hostRows = [
        Row(
            "HOST_NAME",
            "EQUAL_TO",
            "www.Example.com",
            hosts("www.example.com", "WWW.EXAMPLE.COM", "www.example.com:8080", "www.example.com.", "www.example.com:"),
            not: hosts("example.com", "www.example.com.evil.org", "xwww.example.com", "www.example.co", "") + [
                "/www.example.com"
            ]
        ),
        Row(
            "HOST_NAME",
            "EQUAL_TO",
            "[2001:db8::1]",
            hosts("[2001:db8::1]", "[2001:DB8::1]:80"),
            not: hosts("[2001:db8::2]")
        ),
        Row("HOST_NAME", "STARTS_WITH", "www.", hosts("www.example.com", "WWW.x"), not: hosts("example.com", "awww.x")),
        Row(
            "HOST_NAME",
            "ENDS_WITH",
            ".example.com",
            hosts("a.example.com", "a.b.example.com:1"),
            not: hosts("example.com", "a.example.com.org")
        ),
        Row("HOST_NAME", "CONTAINS", "exam", hosts("www.example.com"), not: hosts("www.sample.com")),
        Row(
            "HOST_NAME",
            "REGEX",
            "^(a|b)[.]example[.]com$",
            hosts("a.example.com", "B.example.com:9"),
            not: hosts("c.example.com")
        ),
    ]

    private static let pathRows = [
        Row(
            "PATH",
            "EQUAL_TO",
            "/a%20b/%C3%BC%zz",
            ["/a%20b/%c3%bc%zz"],
            not: ["/a%2520b/%C3%BC%zz", "/a+b/%C3%BC%zz", "/a%20b/%C3%BC"]
        ),
        Row("PATH", "STARTS_WITH", "/a%20b", ["/a%20b", "/%61%20bc"], not: ["/a%2520b", "/a"]),
        Row(
            "PATH",
            "EQUAL_TO",
            "/admin",
            ["/admin", "/admin?x=/y", "/%61dmin"],
            not: ["/admin/", "/ADMIN", "/x/admin", "/"]
        ),
        Row("PATH", "STARTS_WITH", "/admin", ["/admin", "/admin/x", "/administrator"], not: ["/ADMIN", "/x/admin"]),
        Row("PATH", "ENDS_WITH", ".php", ["/a.php", "/a/b.php?x"], not: ["/a.php/", "/?x=.php"]),
        Row("PATH", "CONTAINS", "/private/", ["/a/private/b"], not: ["/private", "/?/private/"]),
        Row("PATH", "REGEX", "^/v[0-9]{1,2}/", ["/v1/x", "/v22/"], not: ["/v222/", "/x/v1/"]),
        Row("PATH", "REGEX", #"^/\d+\.html$"#, ["/12.html"], not: ["/12xhtml", "/a.html"]),
        // The comparison sees what the escapes stand for.
        Row("PATH", "EQUAL_TO", "/a b", ["/a%20b"], not: ["/a+b", "/a%2520b"]),
        Row(
            "PATH",
            "EQUAL_TO",
            "/it's \"ä\" #1 $HOME \\ %[src]",
            ["/it's%20%22%C3%A4%22%20%231%20$HOME%20%5C%20%25[src]"],
            not: ["/it"]
        ),
        Row("PATH", "STARTS_WITH", "-i", [], not: ["/i", "/-i"]),
        Row("PATH", "CONTAINS", "https://", ["/go/https://example.com/"], not: ["/go/https:/example.com/"]),
    ]

    private static let fileRows = [
        Row(
            "FILE_TYPE",
            "EQUAL_TO",
            "jpg",
            ["/a.jpg", "/a.JPG", "/x/a.b.jpg?c=.png", "/a.%6apg", "/.jpg", "/a%0A.jpg"],
            not: ["/jpg", "/a.jpeg", "/a.jpg/", "/a.b/jpg", "/a?b=.jpg", "/a.jpg.", "/"]
        ),
        Row("FILE_TYPE", "REGEX", "^(jpg|png)$", ["/a.jpg", "/a.PNG"], not: ["/a.gif", "/png", "/a.b/png"]),
        Row("FILE_TYPE", "REGEX", "jp", ["/a.jpeg"], not: ["/jpeg", "/a.b/jpeg"]),
    ]

    private static let headerRows = [
        Row(
            "HEADER",
            "EQUAL_TO",
            "2",
            key: "X-Api",
            ["/\nX-Api: 2", "/\nx-api: 1, 2", "/\nX-Api: 1\nX-API: 2"],
            not: ["/", "/\nX-Api: 22", "/\nX-Api:", "/\nX-Other: 2"]
        ),
        Row(
            "HEADER",
            "STARTS_WITH",
            "Mozilla/",
            key: "User-Agent",
            ["/\nUser-Agent: Mozilla/5.0 (X)"],
            not: ["/\nUser-Agent: curl"]
        ),
        Row("HEADER", "ENDS_WITH", "-beta", key: "X-Api", ["/\nX-Api: 1-beta"], not: ["/\nX-Api: 1-beta2"]),
        Row(
            "HEADER",
            "CONTAINS",
            "grpc",
            key: "Content-Type",
            ["/\nContent-Type: application/grpc+x"],
            not: ["/\nContent-Type: text"]
        ),
        Row("HEADER", "REGEX", "^[a-c]{2,3}$", key: "X-Api", ["/\nX-Api: abc"], not: ["/\nX-Api: abcd"]),
        // A value with a comma is compared with the whole field.
        Row(
            "HEADER",
            "EQUAL_TO",
            "a, b",
            key: "X-Api",
            ["/\nX-Api: a, b", "/\nX-Api: c\nX-Api: a, b"],
            not: ["/\nX-Api: a"]
        ),
        Row(
            "COOKIE",
            "EQUAL_TO",
            "blue",
            key: "group",
            ["/\nCookie: a=b; group=blue", "/\nCookie: group=red; group=blue"],
            not: ["/\nCookie: group=bluer", "/\nCookie: x=blue", "/"]
        ),
        Row("COOKIE", "STARTS_WITH", "b", key: "group", ["/\nCookie: group=blue"], not: ["/\nCookie: group=red"]),
        Row("COOKIE", "ENDS_WITH", "e", key: "group", ["/\nCookie: group=blue"], not: ["/\nCookie: group=red"]),
        Row("COOKIE", "CONTAINS", "lu", key: "group", ["/\nCookie: group=blue"], not: ["/\nCookie: group=red"]),
        Row(
            "COOKIE",
            "REGEX",
            "^[0-9]+$",
            key: "group.~!*+^|_-",
            ["/\nCookie: group.~!*+^|_-=17"],
            not: ["/\nCookie: group.~!*+^|_-=x"]
        ),
    ]

    @Test
    func eachComparisonMatchesWhatItShould() async throws {
        let rows = Self.hostRows + Self.pathRows + Self.fileRows + Self.headerRows
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            // A field chooses the policy: the rule in question is its second one.
            let policies = rows.enumerated().flatMap { index, row in
                [false, true].map { isInverted in
                    let choice =
                        #"{"type": "HEADER", "compare_type": "EQUAL_TO", "key": "X-Row", "value": "\#(index)\#(isInverted)"}"#
                    return #"{"action": "REJECT", "rules": [\#(choice), {\#(row.rule), "invert": \#(isInverted)}]}"#
                }
            }
            let set = try device.decode(
                #"\#(DeviceUnderTest.nodes(node.port)), "l7policies": [\#(policies.joined(separator: ", "))]"#
            )
            try await device.driver.apply(set)
            for (index, row) in rows.enumerated() {
                for (requests, isMatch) in [(row.matches, true), (row.others, false)] {
                    for request in requests {
                        for isInverted in [false, true] {
                            let answer = try await Self.send(request, "\(index)\(isInverted)", device.httpPort)
                            let comment: Comment = "\(row.rule) inverted \(isInverted): \(request)"
                            #expect(answer.status == (isMatch != isInverted ? 403 : 200), comment)
                            #expect(answer.body == "node" || isMatch != isInverted, comment)
                        }
                    }
                }
            }
        }
    }

    private static func send(_ request: String, _ row: String, _ port: Int) async throws -> RawAnswer {
        let lines = request.split(separator: "\n")
        let host = lines.contains { $0.hasPrefix("Host:") } ? [] : ["Host: test"]
        let head = ["GET \(lines[0]) HTTP/1.1", "X-Row: \(row)"] + host + lines.dropFirst().map(String.init)
        return try await RawAnswer.to(head.joined(separator: "\n"), port)
    }

    /// Rules about the client's certificate: with one, without one, and with one that is not valid.
    @Test(Requirement.openssl.trait)
    func certificatesAreCompared() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let container = try await fixture.container("standard")
            let identity = try await fixture.authority.issue("good-client", usage: .client)
            let trust = try TLSFixture.authorities(fixture.authority)
            let tls = try ListenerTLS(
                certificate: container,
                clientAuthentication: .optional(ClientAuthentication.Trust(authorities: trust, revocations: nil))
            )
            let rules:
                [(kind: String, comparison: String, value: String, key: String?, withCertificate: Bool, without: Bool)] =
                    [
                        ("SSL_CONN_HAS_CERT", "EQUAL_TO", "True", nil, true, false),
                        ("SSL_VERIFY_RESULT", "EQUAL_TO", "0", nil, true, true),
                        ("SSL_VERIFY_RESULT", "EQUAL_TO", "10", nil, false, false),
                        ("SSL_DN_FIELD", "EQUAL_TO", "good-client", "CN", true, false),
                        ("SSL_DN_FIELD", "STARTS_WITH", "good", "CN", true, false),
                        ("SSL_DN_FIELD", "ENDS_WITH", "-client", "CN", true, false),
                        ("SSL_DN_FIELD", "CONTAINS", "d-c", "CN", true, false),
                        ("SSL_DN_FIELD", "REGEX", "^good-[a-z]+$", "CN", true, false),
                        ("SSL_DN_FIELD", "EQUAL_TO", "good-client", "OU", false, false),
                    ]
            for rule in rules {
                for isInverted in [false, true] {
                    let l7Rule = try L7Rule(
                        #require(L7Rule.Kind(rawValue: rule.kind)),
                        #require(L7Rule.Comparison(rawValue: rule.comparison)),
                        key: rule.key.map { try HTTPToken($0) },
                        value: L7Value(rule.value),
                        isInverted: isInverted
                    )
                    let loadBalancer = try LoadBalancer(
                        protocol: .terminatedHTTPS,
                        address: IPAddress("127.0.0.1"),
                        port: Port(device.httpPort),
                        defaultPool: Pool(nodes: [.local("1", node.port)]),
                        routing: Routing(policies: [L7Policy(position: 1, action: .reject, rules: [l7Rule])]),
                        tls: tls
                    )
                    try await device.driver.apply(LoadBalancerSet([loadBalancer]))
                    for (options, isMatch) in [
                        (["--cert", identity.certificate, "--key", identity.key], rule.withCertificate),
                        ([], rule.without),
                    ] {
                        let status = try await fixture.curl(
                            device,
                            host: "standard.example.com",
                            path: "/",
                            options + ["-o/dev/null", "-w%{http_code}"]
                        )
                        #expect(
                            status == (isMatch != isInverted ? "403" : "200"),
                            "\(rule) inverted \(isInverted) certificate \(!options.isEmpty)"
                        )
                    }
                }
            }
        }
    }
}
