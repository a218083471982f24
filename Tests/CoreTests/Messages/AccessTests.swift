// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SteelyardCore

@Suite("UPDATE: accepted limits, client networks, PROXY headers and checks")
struct AccessTests {
    private func loadBalancer(_ members: String) throws -> LoadBalancer {
        try #require(try UpdateMessage.decode(UpdateMessage.loadBalancer(members)).first)
    }

    private func node(_ members: String) throws -> Node {
        try #require(try UpdateMessage.decode(UpdateMessage.node(members)).first?.nodes.first)
    }

    private func monitor(_ type: String, _ members: String) throws -> HealthMonitor {
        try loadBalancer(#""monitor":{"type":"\#(type)","delay":5,"timeout":5,"attempts":3\#(members)}"#).monitor
    }

    @Test("null and the values for no limit mean the default")
    func defaults() throws {
        let found = try loadBalancer(
            #""connection_limit":-1,"allowed_cidrs":null,"accept_proxy_protocol":null,"proxy_protocol":null,"rate_limit":null"#
        )
        #expect(found.access == .standard && found.proxyProtocol == nil)
        let limits = #"{"connections_per_second":null,"except_cidrs":["10.0.0.0/8"]}"#
        #expect(try loadBalancer(#""rate_limit":\#(limits)"#).access == .standard)
        let names = ["monitor_address", "monitor_port", "connection_limit", "source_address", "proxy_protocol"]
        let plain = try node(names.map { #""\#($0)":null"# }.joined(separator: ","))
        #expect(plain.check == .standard && plain.connections == .standard)
        #expect(try node(#""connection_limit":0"#).connections == .standard)
        #expect(try monitor("CONNECT", #","http_method":null,"expected_codes":null"#).request == .standard)
    }

    @Test("networks are in canonical form, sorted and without duplicates")
    func networks() throws {
        let list = #"["2001:DB8:0::5/32","10.1.2.3/8","192.0.2.1","10.0.0.0/08","::ffff:10.0.0.0/104","::1"]"#
        let found = try loadBalancer(
            #""allowed_cidrs":\#(list),"rate_limit":{"requests_per_second":"7","except_cidrs":\#(list)}"#
        )
        let expected = ["10.0.0.0/8", "192.0.2.1/32", "::1/128", "2001:db8::/32"]
        #expect(found.access.allowedNetworks?.map(\.description) == expected)
        #expect(found.access.rateLimit?.exceptions.map(\.description) == expected)
        #expect(found.access.rateLimit?.requestsPerSecond == 7)
    }

    @Test(
        "the types of checks",
        arguments: [
            ("TCP", HealthMonitor.Kind.connect), ("connect", .connect), ("https", .https), ("Tls-Hello", .tlsHello),
        ]
    )
    func kinds(text: String, kind: HealthMonitor.Kind) throws { #expect(try monitor(text, "").kind == kind) }

    @Test(
        "expected codes",
        arguments: [
            ("200", "200"), (" 200 , 202", "200,202"), ("200 - 204", "200-204"), ("599", "599"), ("100-100", "100-100"),
        ]
    )
    func codes(text: String, expected: String) throws {
        let found = try monitor("HTTP", #","expected_codes":"\#(text)","http_method":"options""#)
        #expect(found.request.expectedCodes.description == expected && found.request.method == .options)
    }

    @Test("a domain name has no trailing dot")
    func domainName() throws {
        let found = try monitor(
            "TLS-HELLO",
            #","domain_name":"www.example.com.","max_retries":"1","max_retries_down":10"#
        )
        #expect(found.request.domainName?.description == "www.example.com")
        #expect(found.maxRetries == 1 && found.maxRetriesDown == 10)
    }

    @Test("what is written to the state file is read back, and defaults are not written")
    func state() throws {
        let text = #"""
            {"protocol":"HTTP","connection_limit":5,"allowed_cidrs":["10.0.0.0/8","::/0"],"accept_proxy_protocol":true,
             "proxy_protocol":"v2","rate_limit":{"connections_per_second":1,"requests_per_second":2,
             "concurrent_connections":3,"except_cidrs":["10.0.0.9"]},
             "options":{"tunnel_timeout":1,"http_request_timeout":2,"queue_timeout":3},
             "monitor":{"type":"HTTPS","delay":5,"timeout":5,"attempts":3,"http_method":"HEAD","expected_codes":"200-299",
              "domain_name":"a.example","max_retries":4,"max_retries_down":5},
             "nodes":[{"address":"10.0.0.1","port":80,"monitor_address":"10.0.0.2","monitor_port":81,"connection_limit":7,
              "source_address":"10.0.0.3","proxy_protocol":"V1"}]}
            """#
        let set = try LoadBalancerSet(UpdateMessage.decode(text))
        #expect(LoadBalancerSet(message: set.message) == set)
        let plain = try LoadBalancerSet(UpdateMessage.decode(UpdateMessage.node("")))
        let written = String(decoding: plain.message, as: UTF8.self)
        for name in FieldName.allCases.map(\.text.description) where text.contains(#""\#(name)""#) {
            let isOld = [
                "protocol", "nodes", "address", "port", "options", "monitor", "type", "delay", "timeout", "attempts",
            ]
            #expect(isOld.contains(name) || !written.contains(#""\#(name)""#), "\(name)")
        }
    }
}
