// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What is rejected in pools, policies, headers, pages, persistence and TLS to nodes.
extension UpdateRefusalTests {
    private static func row(_ members: String, _ path: String, _ cause: String) -> Refusal {
        Refusal(UpdateMessage.loadBalancer(members), "[0]" + path, cause)
    }

    private static func tcp(_ members: String, _ path: String) -> Refusal {
        Refusal(#"{"protocol":"TCP","port":90,"nodes":[],\#(members)}"#, "[0]" + path, "is only for HTTP, not for TCP")
    }

    private static func policy(_ members: String, _ path: String, _ cause: String) -> Refusal {
        row(#""l7policies":[{\#(members)}]"#, ".l7policies[0]" + path, cause)
    }

    private static func rule(_ members: String, _ path: String, _ cause: String) -> Refusal {
        policy(
            #""action":"REJECT","rules":[{"type":"PATH","compare_type":"EQUAL_TO","value":"/"},{\#(members)}]"#,
            ".rules[1]" + path,
            cause
        )
    }

    private static let equal = #""compare_type":"EQUAL_TO""#

    static let policyRows: [Refusal] = [
        row(#""l7policies":{}"#, ".l7policies", "must be a list, not an object"),
        row(#""l7policies":[7]"#, ".l7policies[0]", "must be an object, not a number"),
        row(
            #""l7policies":[\#(Array(repeating: #"{"action":"REJECT"}"#, count: 101).joined(separator: ","))]"#,
            ".l7policies",
            "100"
        ),
        policy("", ".action", "is missing"),
        policy(#""action":"DROP""#, ".action", "must be REJECT, REDIRECT_TO_URL, REDIRECT_PREFIX or REDIRECT_TO_POOL"),
        policy(#""action":"REJECT","position":0"#, ".position", "2147483647"),
        policy(#""action":"REJECT","position":2147483648"#, ".position", "2147483647"),
        policy(#""action":"REJECT","position":"first""#, ".position", "must be"),
        policy(
            #""action":"REJECT","redirect_url":"http://a/""#,
            ".redirect_url",
            "has no meaning for the action REJECT"
        ),
        policy(
            #""action":"REJECT","redirect_prefix":"http://a""#,
            ".redirect_prefix",
            "has no meaning for the action REJECT"
        ),
        policy(
            #""action":"REJECT","redirect_pool_id":"p""#,
            ".redirect_pool_id",
            "has no meaning for the action REJECT"
        ),
        policy(#""action":"REDIRECT_TO_URL""#, ".redirect_url", "is missing; the action REDIRECT_TO_URL needs it"),
        policy(#""action":"REDIRECT_TO_URL","redirect_url":null"#, ".redirect_url", "is missing"),
        policy(#""action":"REDIRECT_TO_URL","redirect_url":7"#, ".redirect_url", "must be a string"),
        policy(#""action":"REDIRECT_PREFIX""#, ".redirect_prefix", "is missing; the action REDIRECT_PREFIX needs it"),
        policy(#""action":"REDIRECT_PREFIX","redirect_prefix":"http://a/?x""#, ".redirect_prefix", "without a query"),
        policy(#""action":"REDIRECT_PREFIX","redirect_prefix":"http://a/#x""#, ".redirect_prefix", "without a query"),
        policy(#""action":"REDIRECT_PREFIX","redirect_prefix":"/a""#, ".redirect_prefix", "must be a URL"),
        policy(
            #""action":"REDIRECT_TO_POOL""#,
            ".redirect_pool_id",
            "is missing; the action REDIRECT_TO_POOL needs it"
        ),
        policy(
            #""action":"REDIRECT_TO_POOL","redirect_pool_id":"p""#,
            ".redirect_pool_id",
            "is \"p\", which is no id in pools"
        ),
        policy(
            #""action":"REDIRECT_TO_POOL","redirect_pool_id":"a b""#,
            ".redirect_pool_id",
            "must be 1 to 64 letters"
        ),
        policy(
            #""action":"REDIRECT_TO_POOL","redirect_pool_id":"p","redirect_url":"http://a/""#,
            ".redirect_url",
            "has no meaning"
        ),
        policy(
            #""action":"REDIRECT_TO_URL","redirect_url":"http://a/","redirect_http_code":304"#,
            ".redirect_http_code",
            "must be 301, 302, 303, 307 or 308, not 304"
        ),
        policy(
            #""action":"REDIRECT_TO_URL","redirect_url":"http://a/","redirect_http_code":"x""#,
            ".redirect_http_code",
            "must be"
        ),
        policy(#""action":"REJECT","rules":{}"#, ".rules", "must be a list, not an object"),
        policy(#""action":"REJECT","rules":["x"]"#, ".rules[0]", "must be an object, not a string"),
        policy(
            #""action":"REJECT","rules":[\#(Array(repeating: #"{"type":"PATH","compare_type":"EQUAL_TO","value":"/"}"#, count: 51).joined(separator: ","))]"#,
            ".rules",
            "50"
        ),
        tcp(#""l7policies":[{"action":"REJECT"}]"#, ".l7policies"), tcp(#""pools":[{"id":"p","nodes":[]}]"#, ".pools"),
    ]

    static let ruleRows: [Refusal] = [
        rule("", ".type", "is missing"),
        rule(#""type":"URL",\#(equal),"value":"x""#, ".type", "must be HOST_NAME, PATH, FILE_TYPE, HEADER"),
        rule(#""type":"PATH","value":"x""#, ".compare_type", "is missing"),
        rule(#""type":"PATH","compare_type":"LIKE","value":"x""#, ".compare_type", "must be EQUAL_TO, STARTS_WITH"),
        rule(
            #""type":"FILE_TYPE","compare_type":"ENDS_WITH","value":"x""#,
            ".compare_type",
            "must be EQUAL_TO or REGEX for FILE_TYPE"
        ),
        rule(
            #""type":"SSL_VERIFY_RESULT","compare_type":"REGEX","value":"0""#,
            ".compare_type",
            "must be EQUAL_TO for SSL_VERIFY_RESULT"
        ),
        rule(#""type":"HEADER",\#(equal),"value":"x""#, ".key", "is missing; HEADER needs it"),
        rule(#""type":"COOKIE",\#(equal),"value":"x","key":null"#, ".key", "is missing; COOKIE needs it"),
        rule(#""type":"SSL_DN_FIELD",\#(equal),"value":"x""#, ".key", "is missing; SSL_DN_FIELD needs it"),
        rule(#""type":"PATH",\#(equal),"value":"x","key":"a""#, ".key", "is only for HEADER, COOKIE and SSL_DN_FIELD"),
        rule(#""type":"HEADER",\#(equal),"value":"x","key":"""#, ".key", "must be 1 to 128 letters"),
        rule(#""type":"HEADER",\#(equal),"value":"x","key":"a b""#, ".key", "must be 1 to 128 letters"),
        rule(#""type":"HEADER",\#(equal),"value":"x","key":"a:b""#, ".key", "must be 1 to 128 letters"),
        rule(#""type":"HEADER",\#(equal),"value":"x","key":"a)""#, ".key", "must be 1 to 128 letters"),
        rule(
            #""type":"HEADER",\#(equal),"value":"x","key":"\#(String(repeating: "a", count: 129))""#,
            ".key",
            "must be 1 to 128"
        ),
        rule(#""type":"PATH",\#(equal)"#, ".value", "is missing"),
        rule(#""type":"PATH",\#(equal),"value":7"#, ".value", "must be a string"),
        rule(#""type":"PATH",\#(equal),"value":"""#, ".value", "must have 1 to 255 bytes, not 0"),
        rule(
            #""type":"PATH",\#(equal),"value":"\#(String(repeating: "é", count: 128))""#,
            ".value",
            "must have 1 to 255 bytes, not 256"
        ),
        rule(#""type":"PATH",\#(equal),"value":"a\nb""#, ".value", "must not have control or invisible characters"),
        rule(#""type":"PATH",\#(equal),"value":"a\u0000""#, ".value", "must not have control or invisible characters"),
        rule(#""type":"PATH",\#(equal),"value":"a\u202Eb""#, ".value", "must not have control or invisible characters"),
        rule(#""type":"PATH",\#(equal),"value":"x","invert":"maybe""#, ".invert", "must be"),
        rule(
            #""type":"SSL_CONN_HAS_CERT",\#(equal),"value":"False""#,
            ".value",
            "must be True for SSL_CONN_HAS_CERT; use invert"
        ),
        rule(#""type":"SSL_VERIFY_RESULT",\#(equal),"value":"-1""#, ".value", "must be a whole number from 0"),
        rule(#""type":"SSL_VERIFY_RESULT",\#(equal),"value":"99999999999""#, ".value", "must be a whole number from 0"),
        rule(
            #""type":"SSL_CONN_HAS_CERT",\#(equal),"value":"True""#,
            ".type",
            "needs the protocol TERMINATED_HTTPS; the protocol is HTTP"
        ),
        rule(
            #""type":"SSL_DN_FIELD",\#(equal),"value":"x","key":"CN""#,
            ".type",
            "needs the protocol TERMINATED_HTTPS"
        ),
    ]

    static let wrongURLs = [
        "", "x", "/x", "//a/", "http:/a", "http://", "http:///x", "ftp://a/", "javascript:alert(1)", "http://a b/",
        "http://a/ b", "http://u@a/",
        "http://u:p@a/", "http://a:0/", "http://a:65536/", "http://a:x/", "http://a/%", "http://a/%4", "http://a/%zz",
        "http://a/'", "http://a/\"",
        "http://a/<", "http://a/\\", "http://a/{}", "http://a/^", "http://a/`", "http://a/|", "http://a/é",
        "http://[::1/", "http://[::1]x/",
        "http://[10.0.0.1]/", "http://[x]/", "http://a..b/", "http://-a/", "http://a/\u{0}", "http://a/\r\nX: y",
        "http://a/\u{7f}",
        "http://a/" + String(repeating: "x", count: 504),
    ]

    static let poolRows: [Refusal] = [
        row(#""pools":{}"#, ".pools", "must be a list, not an object"),
        row(#""pools":[7]"#, ".pools[0]", "must be an object, not a number"),
        row(#""pools":[{"nodes":[]}]"#, ".pools[0].id", "is missing; policies name a pool by its id"),
        row(#""pools":[{"id":"a:b","nodes":[]}]"#, ".pools[0].id", "must be 1 to 64 letters"),
        row(#""pools":[{"id":"p","name":7,"nodes":[]}]"#, ".pools[0].name", "must be a string"),
        row(
            #""pools":[{"id":"p","nodes":[]},{"id":"p","nodes":[]}]"#,
            ".pools[1].id",
            "is \"p\", the same as pools[0]"
        ),
        row(#""pools":[{"id":"p"}]"#, ".pools[0].nodes", "is missing"),
        row(#""pools":[{"id":"p","nodes":[{"address":"10.0.0.1"}]}]"#, ".pools[0].nodes[0].port", "is missing"),
        row(
            #""pools":[{"id":"p","nodes":[{"id":"a","address":"h","port":1},{"id":"a","address":"h","port":1}]}]"#,
            ".pools[0].nodes[1].id",
            "is \"a\", the same as nodes[0]"
        ),
        row(#""pools":[{"id":"p","nodes":[],"algorithm":"x"}]"#, ".pools[0].algorithm", "must be ROUND_ROBIN"),
        row(#""pools":[{"id":"p","nodes":[],"monitor":{"type":"HTTP"}}]"#, ".pools[0].monitor.delay", "is missing"),
        row(#""pools":[{"id":"p","nodes":[],"proxy_protocol":"V3"}]"#, ".pools[0].proxy_protocol", "must be V1 or V2"),
        row(
            #""pools":[{"id":"p","nodes":[],"session_persistence":{"type":"X"}}]"#,
            ".pools[0].session_persistence.type",
            "must be HTTP_COOKIE"
        ),
        row(
            #""pools":[{"id":"p","nodes":[],"tls_server_name":"a"}]"#,
            ".pools[0].tls_server_name",
            "needs tls_enabled true"
        ),
        row(#""pools":[\#((0..<101).map { #"{"id":"\#($0)","nodes":[]}"# }.joined(separator: ","))]"#, ".pools", "100"),
    ]

    static let headerAndPageRows: [Refusal] = [
        row(#""insert_headers":[]"#, ".insert_headers", "must be an object, not a list"),
        row(#""insert_headers":{"X-Evil":"true"}"#, ".insert_headers", "has a name that must be X-Forwarded-For"),
        row(
            #""insert_headers":{"X-Forwarded-For\r\nX":"true"}"#,
            ".insert_headers",
            "has a name that must be X-Forwarded-For"
        ),
        row(#""insert_headers":{"X-Forwarded-For":"yes"}"#, ".insert_headers.X-Forwarded-For", "must be true or false"),
        row(#""insert_headers":{"x-forwarded-port":7}"#, ".insert_headers.x-forwarded-port", "must be true or false"),
        row(
            #""insert_headers":{"X-Forwarded-For":true,"X-Forwarded-For":true}"#,
            ".insert_headers",
            "has \"X-Forwarded-For\" more than once"
        ),
        row(
            #""insert_headers":{"X-Forwarded-For":true,"x-forwarded-for":"false"}"#,
            ".insert_headers",
            "has \"X-Forwarded-For\" more than once"
        ),
        row(
            #""insert_headers":{"X-SSL-Client-CN":"true"}"#,
            ".insert_headers.X-SSL-Client-CN",
            "needs the protocol TERMINATED_HTTPS"
        ),
        tcp(#""insert_headers":{"X-Forwarded-For":"true"}"#, ".insert_headers"),
        row(#""error_pages":[]"#, ".error_pages", "must be an object, not a list"),
        row(#""error_pages":{"x":"y"}"#, ".error_pages", "has the name \"x\", which is no status"),
        row(#""error_pages":{"+503":"y"}"#, ".error_pages", "has the name \"+503\", which is no status"),
        row(#""error_pages":{"0503":"y"}"#, ".error_pages", "has the name \"0503\", which is no status"),
        row(#""error_pages":{"503":"a","503":"b"}"#, ".error_pages", "has \"503\" more than once"),
        row(#""error_pages":{"200":"y"}"#, ".error_pages.200", "is no status of a page; these are: 400, 401"),
        row(#""error_pages":{"503":7}"#, ".error_pages.503", "must be a string"),
        row(#""error_pages":{"503":""}"#, ".error_pages.503", "must have 1 to 15000 bytes, not 0"),
        row(
            #""error_pages":{"503":"\#(String(repeating: "é", count: 7501))"}"#,
            ".error_pages.503",
            "must have 1 to 15000 bytes, not 15002"
        ),
        tcp(#""error_pages":{"503":"x"}"#, ".error_pages"),
    ]

    static let persistenceRows: [Refusal] = [
        row(#""session_persistence":[]"#, ".session_persistence", "must be an object, not a list"),
        row(#""session_persistence":{}"#, ".session_persistence.type", "is missing"),
        row(
            #""session_persistence":{"type":"COOKIE"}"#,
            ".session_persistence.type",
            "must be HTTP_COOKIE, APP_COOKIE, SOURCE_IP or NONE"
        ),
        row(
            #""session_persistence":{"type":"APP_COOKIE"}"#,
            ".session_persistence.cookie_name",
            "is missing; APP_COOKIE needs it"
        ),
        row(
            #""session_persistence":{"type":"HTTP_COOKIE","cookie_name":"a"}"#,
            ".session_persistence.cookie_name",
            "is only for APP_COOKIE, not for HTTP_COOKIE"
        ),
        row(
            #""session_persistence":{"type":"SOURCE_IP","cookie_name":"a"}"#,
            ".session_persistence.cookie_name",
            "is only for APP_COOKIE"
        ),
        row(
            #""session_persistence":{"type":"APP_COOKIE","cookie_name":"a=b"}"#,
            ".session_persistence.cookie_name",
            "must be 1 to 128 letters"
        ),
        row(
            #""session_persistence":{"type":"APP_COOKIE","cookie_name":"a;b"}"#,
            ".session_persistence.cookie_name",
            "must be 1 to 128 letters"
        ),
        row(
            #""session_persistence":{"type":"SOURCE_IP","persistence_timeout":0}"#,
            ".session_persistence.persistence_timeout",
            "2147483"
        ),
        row(
            #""session_persistence":{"type":"HTTP_COOKIE","persistence_timeout":2147484}"#,
            ".session_persistence.persistence_timeout",
            "2147483"
        ),
        row(
            #""session_persistence":{"type":"NONE","persistence_timeout":5}"#,
            ".session_persistence.persistence_timeout",
            "has no meaning for NONE"
        ),
        tcp(#""session_persistence":{"type":"HTTP_COOKIE"}"#, ".session_persistence.type"),
        tcp(#""session_persistence":{"type":"APP_COOKIE","cookie_name":"a"}"#, ".session_persistence.type"),
        Refusal(
            #"{"protocol":"GALERA","port":90,"nodes":[],"session_persistence":{"type":"SOURCE_IP"}}"#,
            "[0].session_persistence.type",
            "must be NONE for GALERA"
        ),
    ]

    static let nodeTLSRows: [Refusal] = [
        row(#""tls_enabled":"maybe""#, ".tls_enabled", "must be"),
        row(#""tls_server_name":"a""#, ".tls_server_name", "needs tls_enabled true"),
        row(#""tls_enabled":false,"ca_tls_container_data":"x""#, ".ca_tls_container_data", "needs tls_enabled true"),
        row(#""tls_enabled":null,"tls_container_data":{}"#, ".tls_container_data", "needs tls_enabled true"),
        row(#""tls_enabled":true,"tls_server_name":"a b""#, ".tls_server_name", "must be"),
        row(#""tls_enabled":true,"tls_server_name":"10.0.0.1""#, ".tls_server_name", "must be"),
        row(#""tls_enabled":true,"tls_container_data":7"#, ".tls_container_data", "must be an object"),
        row(#""tls_enabled":true,"tls_container_data":{}"#, ".tls_container_data.private_key", "is missing"),
        row(#""tls_enabled":true,"tls_container_data":{"id":"c"}"#, ".tls_container_data.private_key", "is missing"),
        row(
            #""tls_enabled":true,"tls_container_data":{"id":"c","sha256":"x"}"#,
            ".tls_container_data.sha256",
            "must be"
        ),
    ]
}
