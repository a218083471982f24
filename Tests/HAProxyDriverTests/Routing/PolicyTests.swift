// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

@testable import HAProxyDriver
@testable import SteelyardCore

/// What policies do with requests, through a real HAProxy.
@Suite(Requirement.haproxy.trait)
struct PolicyTests {
    private static func rule(_ path: String, _ comparison: String = "EQUAL_TO") -> String {
        #"{"type": "PATH", "compare_type": "\#(comparison)", "value": "\#(path)"}"#
    }

    private static func policy(_ members: String, _ rules: String...) -> String {
        #"{\#(members), "rules": [\#(rules.joined(separator: ", "))]}"#
    }

    private func get(_ path: String, _ device: DeviceUnderTest) async throws -> RawAnswer {
        try await RawAnswer.to("GET \(path) HTTP/1.1\nHost: www.example.com", device.httpPort)
    }

    /// All policies match; each is removed after it was seen, and the next in the order comes into effect.
    @Test
    func policiesAreInOctaviasOrder() async throws {
        let backs = try BackEnds(["default", "a", "b"])
        defer { backs.stop() }
        try await withDevice { device in
            // In an order of the message that is another one.
            var policies: [(name: String, text: String)] = [
                ("pool b", #""action": "REDIRECT_TO_POOL", "redirect_pool_id": "b", "position": 1"#),
                ("pool a", #""action": "REDIRECT_TO_POOL", "redirect_pool_id": "a", "position": 2"#),
                ("url 2", #""action": "REDIRECT_TO_URL", "redirect_url": "http://two.example.com/", "position": 9"#),
                ("prefix", #""action": "REDIRECT_PREFIX", "redirect_prefix": "http://p.example.com", "position": 9"#),
                ("url 1", #""action": "REDIRECT_TO_URL", "redirect_url": "http://one.example.com/", "position": 3"#),
                ("reject", #""action": "REJECT", "position": 2147483647"#),
            ]
            // Without a rule, a policy matches nothing.
            let unused = #"{"action": "REJECT", "position": 1, "rules": []}, {"action": "REJECT"}"#
            func apply() async throws {
                let texts = policies.map {
                    Self.policy($0.text, Self.rule("/", "STARTS_WITH"), Self.rule("x", "ENDS_WITH"))
                }
                try await device.driver.apply(
                    device.decode(
                        """
                        \(DeviceUnderTest.nodes(backs.port("default"))), "pools": [
                         {"id": "a", \(DeviceUnderTest.nodes(backs.port("a")))}, {"id": "b", \(DeviceUnderTest.nodes(backs.port("b")))}],
                        "l7policies": [\(([unused] + texts).joined(separator: ", "))]
                        """
                    )
                )
            }
            let expected: [(name: String, status: Int, location: String?, body: String?)] = [
                ("reject", 403, nil, nil), ("url 1", 302, "http://one.example.com/", nil),
                ("url 2", 302, "http://two.example.com/", nil), ("prefix", 302, "http://p.example.com/x", nil),
                ("pool b", 200, nil, "b"), ("pool a", 200, nil, "a"), ("", 200, nil, "default"),
            ]
            for step in expected {
                try await apply()
                let answer = try await get("/x", device)
                #expect(answer.status == step.status, "\(step.name)")
                #expect(answer.values("location").first == step.location, "\(step.name)")
                if let body = step.body { #expect(answer.body == body) }
                // The second rule does not match.
                #expect(try await get("/y", device).body == "default", "\(step.name)")
                policies.removeAll { $0.name == step.name }
            }
            #expect(try await device.processes()?.reloads == expected.count - 1)
        }
    }

    @Test
    func clientsAreRedirected() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let urls = [
                "https://www.example.com/a%20b?x=%41&y=%25%5Bsrc%5D", "http://[2001:db8::1]:8080/",
                "https://example.com",
                "https://example.com/~u/-._:@!$&()*+,;=/?q=/?#frag%20ment", "HTTPS://EXAMPLE.com:65535/%C3%A4",
                "https://example.com/" + String(repeating: "%25", count: 160),
            ]
            let prefixes = ["https://new.example.com", "https://new.example.com/base", "http://10.0.0.1:81/a%20b"]
            let codes = [301, 302, 303, 307, 308]
            let policies =
                urls.enumerated().map { index, url in
                    Self.policy(
                        #""action": "REDIRECT_TO_URL", "redirect_url": "\#(url)", "redirect_http_code": \#(codes[index % 5])"#,
                        Self.rule("/url\(index)")
                    )
                }
                + prefixes.enumerated().map { index, url in
                    Self.policy(
                        #""action": "REDIRECT_PREFIX", "redirect_prefix": "\#(url)", "redirect_http_code": \#(codes[4 - index])"#,
                        Self.rule("/prefix\(index)/", "STARTS_WITH")
                    )
                }
                + [Self.policy(#""action": "REDIRECT_TO_URL", "redirect_url": "http://a/""#, Self.rule("/standard"))]
            try await device.driver.apply(
                device.decode(
                    #"\#(DeviceUnderTest.nodes(node.port)), "l7policies": [\#(policies.joined(separator: ", "))]"#
                )
            )
            for (index, url) in urls.enumerated() {
                for method in ["GET", "POST"] {
                    let request = "\(method) /url\(index)?query HTTP/1.1\nHost: evil.example.org\nContent-Length: 0"
                    let answer = try await RawAnswer.to(request, device.httpPort)
                    #expect(answer.status == codes[index % 5])
                    #expect(answer.values("location") == [url])
                }
            }
            for (index, prefix) in prefixes.enumerated() {
                for rest in ["/x", "/x?q=1&r=%2F", "//evil.example.org/", "/%0d%0aSet-Cookie:%20x", "/a%20b/%25%7B"] {
                    let answer = try await get("/prefix\(index)\(rest)", device)
                    #expect(answer.status == codes[4 - index])
                    #expect(answer.values("location") == ["\(prefix)/prefix\(index)\(rest)"])
                    #expect(answer.values("set-cookie").isEmpty)
                }
            }
            #expect(try await get("/standard", device).status == 302)
            #expect(try await get("/other", device).body == "node")
            #expect(node.requestCount == 1)
        }
    }

    /// A pool has its own algorithm, monitor and nodes, and a node of it comes and goes without a reload.
    @Test
    func aPolicySendsRequestsToAPool() async throws {
        let backs = try BackEnds(["default", "one", "two"])
        defer { backs.stop() }
        try await withDevice { device in
            func apply(_ ports: [Int], weight: Int = 1) async throws {
                let nodes = ports.enumerated().map {
                    #"{"id": "\#($0 + 1)", "address": "127.0.0.1", "port": \#($1), "weight": \#(weight)}"#
                }
                try await device.driver.apply(
                    device.decode(
                        """
                        \(DeviceUnderTest.nodes(backs.port("default"))), "pools": [{"id": "api.v-1", "name": "the API",
                          "algorithm": "LEAST_CONNECTIONS", "session_persistence": {"type": "NONE"},
                          "monitor": {"type": "HTTP", "delay": 1, "timeout": 1, "attempts": 1, "path": "/status/204",
                                      "expected_codes": "204"},
                          "nodes": [\(nodes.joined(separator: ", "))]}, {"id": "empty", "nodes": []}],
                        "l7policies": [\(Self.policy(#""action": "REDIRECT_TO_POOL", "redirect_pool_id": "api.v-1""#, Self.rule("/api", "STARTS_WITH"))),
                          \(Self.policy(#""action": "REDIRECT_TO_POOL", "redirect_pool_id": "empty""#, Self.rule("/empty")))]
                        """
                    )
                )
            }
            func seen(_ path: String) async throws -> Set<String> {
                var seen: Set<String> = []
                for _ in 0..<6 { seen.insert(try await get(path, device).body) }
                return seen
            }
            try await apply([backs.port("one")])
            #expect(try await seen("/api/x") == ["one"])
            #expect(try await seen("/x") == ["default"])
            #expect(try await get("/empty", device).status == 503)
            try await apply([backs.port("one"), backs.port("two")], weight: 7)
            #expect(try await seen("/api/x") == ["one", "two"])
            try await apply([backs.port("two")], weight: 7)
            try await eventually("the node is gone") { try await seen("/api/x").count == 1 }
            #expect(try await device.processes()?.reloads == 0)
            try await eventually("checks see the pool's own path") {
                try await device.driver.nodeStates().contains { $0.pool != nil && $0.state == .up }
            }
            #expect(try await seen("/x") == ["default"])
        }
    }

    /// As many policies and rules as a message can have, in haproxy.cfg and in use.
    @Test(.ownThread)
    func aHundredPoliciesOfFiftyRulesWork() async throws {
        let backs = try BackEnds(["default", "pool"])
        defer { backs.stop() }
        try await withDevice { device in
            let policies = (0..<100).map { index in
                let rules = (1..<50).map { place in
                    [
                        #"{"type": "HEADER", "compare_type": "CONTAINS", "key": "X-\#(place)", "value": "evil", "invert": true}"#,
                        #"{"type": "HOST_NAME", "compare_type": "REGEX", "value": "^[^\#(place)]*$"}"#,
                        Self.rule("/", "STARTS_WITH"),
                        #"{"type": "COOKIE", "compare_type": "EQUAL_TO", "key": "c\#(place)", "value": "x", "invert": true}"#,
                        #"{"type": "FILE_TYPE", "compare_type": "EQUAL_TO", "value": "html"}"#,
                    ][place % 5]
                }
                let action =
                    switch index % 3 {
                    case 0: #""action": "REJECT""#
                    case 1: #""action": "REDIRECT_TO_URL", "redirect_url": "http://a.example.com/\#(index)""#
                    default: #""action": "REDIRECT_TO_POOL", "redirect_pool_id": "p""#
                    }
                return #"{\#(action), "rules": [\#((rules + [Self.rule("/p\(index).html")]).joined(separator: ", "))]}"#
            }
            let set = try device.decode(
                """
                \(DeviceUnderTest.nodes(backs.port("default"))),
                "pools": [{"id": "p", \(DeviceUnderTest.nodes(backs.port("pool")))}],
                "l7policies": [\(policies.joined(separator: ", "))]
                """
            )
            try await device.driver.apply(set)
            for index in [0, 1, 2, 48, 49, 50, 97, 98, 99] {
                let answer = try await RawAnswer.to("GET /p\(index).html HTTP/1.1\nHost: x", device.httpPort)
                switch index % 3 {
                case 0: #expect(answer.status == 403)
                case 1: #expect(answer.values("location") == ["http://a.example.com/\(index)"])
                default: #expect(answer.body == "pool")
                }
                // One rule of fifty fails.
                let other = try await RawAnswer.to("GET /p\(index).html HTTP/1.1\nHost: x\nX-45: evil", device.httpPort)
                #expect(other.body == "default")
            }
            try await device.driver.apply(set)
            #expect(try await device.processes()?.reloads == 0)
        }
    }

    @Test(arguments: ["(", "[a", "a{2,1}", "*x", "(?<n>", "a\\\\", "(?P>x)"])
    func anExpressionThatDoesNotCompileIsRejected(expression: String) async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let old = try device.decode(DeviceUnderTest.nodes(node.port))
            try await device.driver.apply(old)
            let before = try await device.processes()
            let file = try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8)
            for kind in [
                #""PATH""#, #""HOST_NAME""#, #""FILE_TYPE""#, #""HEADER", "key": "A""#, #""COOKIE", "key": "A""#,
            ] {
                let bad = #"{"type": \#(kind), "compare_type": "REGEX", "value": "\#(expression)"}"#
                let set = try device.decode(
                    """
                    \(DeviceUnderTest.nodes(node.port)), "l7policies": [{"action": "REJECT", "position": 7, "rules": [\(bad)]},
                      {"action": "REJECT", "rules": [\(Self.rule("/"))]}]
                    """
                )
                let error = await #expect(throws: DriverError.self) { try await device.driver.apply(set) }
                #expect(error?.code == .rejected)
                let path = error?.field?.path(listName: "loadbalancers")
                #expect(path == "loadbalancers[0].l7policies[0].rules[0].value", "\(kind)")
            }
            #expect(try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8) == file)
            #expect(try await device.processes() == before)
            #expect(try await get("/", device).body == "node")
        }
    }
}
