// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SteelyardCore

@Suite("UPDATE: accepted pools, policies, headers, pages, persistence and TLS to nodes")
struct RoutingTests {
    private func loadBalancer(_ members: String) throws -> LoadBalancer {
        try #require(try UpdateMessage.decode(UpdateMessage.loadBalancer(members)).first)
    }

    @Test("null and empty values mean the default")
    func defaults() throws {
        let names = [
            "l7policies", "pools", "insert_headers", "error_pages", "session_persistence", "tls_enabled",
            "tls_container_data",
            "ca_tls_container_data", "tls_server_name",
        ]
        let nulls = try loadBalancer(names.map { #""\#($0)":null"# }.joined(separator: ","))
        let empty = try loadBalancer(#""l7policies":[],"pools":[],"error_pages":{"503":null},"tls_enabled":"FALSE""#)
        let plain = try loadBalancer(#""name":"x""#)
        #expect(nulls == plain && empty == plain)
        #expect(plain.routing == .none && plain.pools.isEmpty && plain.defaultPool.persistence == nil)
        let written = String(decoding: try LoadBalancerSet([plain]).message, as: UTF8.self)
        for name in names { #expect(!written.contains(name)) }
    }

    @Test("policies: REJECT, then redirections, then pools, each by position and then by place in the message")
    func order() throws {
        let pool = #""action":"redirect_to_pool","redirect_pool_id":"p""#
        let url = #""action":"Redirect_To_URL","redirect_url":"http://a/""#
        let prefix =
            #""action":"REDIRECT_PREFIX","redirect_prefix":"HTTPS://[::1]:8443/a%20b","redirect_http_code":"308""#
        let policies = [
            "\(pool),\"position\":1", "\(url),\"position\":3", "\(prefix),\"position\":2",
            #""action":"reject","position":"9""#,
            #""action":"REJECT""#, "\(pool),\"position\":1", #""action":"REJECT","position":null"#,
        ]
        let found = try loadBalancer(
            #""pools":[{"id":"p","nodes":[]}],"l7policies":[\#(policies.map { "{\($0)}" }.joined(separator: ","))]"#
        ).routing.policies
        // The position of a policy without one is its place in the message.
        #expect(found.map(\.index) == [4, 6, 3, 2, 1, 0, 5])
        #expect(found.map(\.position) == [5, 7, 9, 2, 3, 1, 1])
        #expect(found[3].action == .redirectPrefix(try WebURL("HTTPS://[::1]:8443/a%20b"), .permanentRedirect))
        #expect(found[4].action == .redirectToURL(try WebURL("http://a/"), .found))
        #expect(found[5].action == .redirectToPool(try Identifier("p")))
    }

    @Test("rules of each type with each comparison")
    func rules() throws {
        let rules = [
            (
                #""type":"host_name","compare_type":"equal_to","value":"A""#, L7Rule.Subject.hostName,
                L7Rule.Comparison.equalTo
            ),
            (#""type":"PATH","compare_type":"STARTS_WITH","value":"-f ' \" \\ #""#, .path, .startsWith),
            (#""type":"FILE_TYPE","compare_type":"REGEX","value":"(""#, .fileType, .regex),
            (
                #""type":"HEADER","compare_type":"ENDS_WITH","key":"X-a","value":"x""#, .header(try HTTPToken("X-a")),
                .endsWith
            ),
            (
                #""type":"COOKIE","compare_type":"CONTAINS","key":"c","value":"x""#, .cookie(try HTTPToken("c")),
                .contains
            ),
        ]
        let text = rules.map { "{\($0.0)}" }.joined(separator: ",")
        let found = try loadBalancer(#""l7policies":[{"action":"REJECT","rules":[\#(text)]}]"#).routing.policies[0]
            .rules
        #expect(found.map(\.subject) == rules.map(\.1))
        #expect(found.map(\.comparison) == rules.map(\.2))
        #expect(found.allSatisfy { !$0.isInverted })
        #expect(found[1].value.description == #"-f ' " \ #"#)
        for (text, isInverted) in [("true", true), ("\"TRUE\"", true), ("false", false), ("null", false)] {
            let rule = #"{"type":"PATH","compare_type":"EQUAL_TO","value":"/","invert":\#(text)}"#
            let policy = try loadBalancer(#""l7policies":[{"action":"REJECT","rules":[\#(rule)]}]"#).routing.policies[0]
            #expect(policy.rules[0].isInverted == isInverted)
        }
    }

    @Test(
        "URLs",
        arguments: [
            "http://a", "https://www.example.com/", "HTTP://A.example:1/", "https://a/?q#f",
            "https://[2001:db8::1]:65535/x", "http://10.0.0.1",
            "https://a/-._~:/?#[]@!$&()*+,;=%41",
        ]
    )
    func urls(text: String) throws {
        #expect(try WebURL(text).description == text)
        let isPrefix = !text.contains("?") && !text.contains("#")
        #expect(((try? WebURL(prefix: text)) != nil) == isPrefix)
    }

    @Test("headers")
    func headers() throws {
        func headers(_ text: String) throws -> InsertedHeaders? {
            try loadBalancer(#""insert_headers":{\#(text)}"#).routing.insertedHeaders
        }
        let all = try headers(#""X-Forwarded-Proto":"True","x-forwarded-for":true,"X-Forwarded-Port":"true""#)
        #expect(all == InsertedHeaders([.forwardedFor, .forwardedPort, .forwardedProto]))
        #expect(all?.headers == [.forwardedFor, .forwardedPort, .forwardedProto])
        #expect(try headers("") == InsertedHeaders([]))
        #expect(
            try headers(#""X-Forwarded-For":"false","X-Forwarded-Port":null"#)
                == InsertedHeaders([], omitsForwardedFor: true)
        )
    }

    @Test("pages")
    func pages() throws {
        let long = String(repeating: "é", count: 7500)
        let pages = try loadBalancer(#""error_pages":{"503":"\#(long)","400":"\u0000<p>","504":null}"#).routing
            .errorPages
        #expect(try pages == [ErrorPage(status: 400, html: "\u{0}<p>"), ErrorPage(status: 503, html: long)])
        for status in ErrorPage.statuses {
            #expect(try loadBalancer(#""error_pages":{"\#(status)":"x"}"#).routing.errorPages.map(\.status) == [status])
        }
    }

    @Test(
        "persistence",
        arguments: [
            (#""type":"HTTP_COOKIE""#, SessionPersistence.httpCookie(idleSeconds: nil)),
            (#""type":"http_cookie","persistence_timeout":"1","cookie_name":null"#, .httpCookie(idleSeconds: 1)),
            (#""type":"SOURCE_IP""#, .sourceIP(seconds: 1800)), (#""type":"NONE","persistence_timeout":null"#, .none),
            (#""type":"SOURCE_IP","persistence_timeout":2147483"#, .sourceIP(seconds: 2_147_483)),
        ]
    )
    func persistence(text: String, expected: SessionPersistence) throws {
        #expect(try loadBalancer(#""session_persistence":{\#(text)}"#).defaultPool.persistence == expected)
        let pool = #""pools":[{"id":"p","nodes":[],"session_persistence":{\#(text)}}]"#
        #expect(try loadBalancer(pool).pools[0].persistence == expected)
    }

    @Test("an application's cookie")
    func cookie() throws {
        let text = #""session_persistence":{"type":"APP_COOKIE","cookie_name":"JSESSIONID.~!*+^|_-"}"#
        let expected = SessionPersistence.appCookie(try CookieName("JSESSIONID.~!*+^|_-"), seconds: 1800)
        #expect(try loadBalancer(text).defaultPool.persistence == expected)
        let tcp =
            #"{"protocol":"TCP","port":1,"nodes":[],"session_persistence":{"type":"SOURCE_IP","persistence_timeout":9}}"#
        #expect(try UpdateMessage.decode(tcp)[0].defaultPool.persistence == .sourceIP(seconds: 9))
    }

    @Test("with authorities, each node needs a name")
    func names() throws {
        let digest = try SHA256Value(String(repeating: "a", count: 64))
        let authorities = TrustFile(sha256: digest, pem: nil)
        func pool(_ addresses: [String], _ serverName: String?, verifies: Bool = true) throws -> Pool {
            let nodes = try addresses.enumerated().map {
                try Node(id: Identifier("\($0)"), address: HostAddress($1), port: Port(443))
            }
            let name = try serverName.map { try DomainName($0) }
            return try Pool(nodes: nodes, tls: PoolTLS(authorities: verifies ? authorities : nil, serverName: name))
        }
        #expect(try pool(["a.example.com", "b.example.com"], nil).nodes.count == 2)
        #expect(try pool(["a.example.com", "10.0.0.1"], "c.example.com").nodes.count == 2)
        #expect(try pool(["10.0.0.1"], nil, verifies: false).nodes.count == 1)
        let error = #expect(throws: InvalidValue.self) { try pool(["a.example.com", "10.0.0.1"], nil) }
        #expect(error?.member == "tls_server_name" && error?.problem.contains("nodes[1]") == true)
        let named = try pool(["a.example.com"], nil)
        #expect(named.tls?.serverName(of: named.nodes[0])?.description == "a.example.com")
    }

    @Test("what is written to the state file is read back")
    func state() throws {
        let digest = String(repeating: "a", count: 64)
        let tls = """
            "tls_enabled":true,"tls_container_data":{"id":"c","sha256":"\(digest)","file_sha256":"\(digest)"},\
            "ca_tls_container_data":"\(digest)","tls_server_name":"n.example.com"
            """
        let text = #"""
            {"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"TERMINATED_HTTPS","id":"a","port":443,\#(tls),
              "default_tls_container_data":{"id":"d","sha256":"\#(digest)","file_sha256":"\#(digest)"},
              "client_authentication":"OPTIONAL","client_ca_tls_container_data":"\#(digest)",
              "nodes":[{"address":"10.0.0.1","port":443}],
              "session_persistence":{"type":"HTTP_COOKIE","persistence_timeout":60},
              "insert_headers":{"X-Forwarded-For":"false","X-SSL-Client-CN":"true"},
              "error_pages":{"503":"<p class=\"x\">\u0001é","403":"x"},
              "pools":[{"id":"one","nodes":[{"address":"10.0.0.2","port":443}],"algorithm":"SOURCE_IP","proxy_protocol":"V2",\#(tls),
                 "monitor":{"type":"TLS-HELLO","delay":5,"timeout":5,"attempts":3},
                 "session_persistence":{"type":"APP_COOKIE","cookie_name":"c","persistence_timeout":7}},
                {"id":"two","nodes":[],"session_persistence":{"type":"SOURCE_IP","persistence_timeout":8}},
                {"id":"three","nodes":[],"session_persistence":{"type":"NONE"}},{"id":"four","nodes":[],"tls_enabled":true}],
              "l7policies":[
                {"action":"REDIRECT_TO_POOL","redirect_pool_id":"two","position":3,"rules":[
                  {"type":"SSL_CONN_HAS_CERT","compare_type":"EQUAL_TO","value":"True","invert":true},
                  {"type":"SSL_VERIFY_RESULT","compare_type":"EQUAL_TO","value":"10"},
                  {"type":"SSL_DN_FIELD","compare_type":"REGEX","key":"CN","value":"^a' \" # $"}]},
                {"action":"REDIRECT_TO_URL","redirect_url":"http://a/%41","redirect_http_code":301},
                {"action":"REDIRECT_PREFIX","redirect_prefix":"http://a","position":1,"rules":[
                  {"type":"COOKIE","compare_type":"CONTAINS","key":"c","value":"-f"}]},
                {"action":"REJECT","rules":[]}]}]}
            """#
        let set = try #require(LoadBalancerSet(message: Array(text.utf8)))
        let loadBalancer = set.loadBalancers[0]
        #expect(loadBalancer.pools.count == 4 && loadBalancer.routing.policies.count == 4)
        #expect(loadBalancer.defaultPool.tls?.serverName?.description == "n.example.com")
        #expect(loadBalancer.pools[0].tls == loadBalancer.defaultPool.tls && loadBalancer.pools[3].tls == PoolTLS())
        #expect(LoadBalancerSet(message: set.message) == set)
        #expect(LoadBalancerSet(message: set.message)?.message == set.message)
    }
}
