// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Limits, client networks, PROXY headers, and what checks send.
extension UpdateRefusalTests {
    private static let many = (0...10_000).map { #""10.0.\#($0 / 256).\#($0 % 256)""# }.joined(separator: ",")

    static let accessRows: [Refusal] = [
        Refusal(
            UpdateMessage.loadBalancer(#""connection_limit":0"#),
            "[0].connection_limit",
            "must be -1, for the device's limit, or from 1 to 2147483647, not 0"
        ),
        Refusal(UpdateMessage.loadBalancer(#""connection_limit":-2"#), "[0].connection_limit", "must be -1"),
        Refusal(UpdateMessage.loadBalancer(#""connection_limit":2147483648"#), "[0].connection_limit", "must be -1"),
        Refusal(
            UpdateMessage.loadBalancer(#""allowed_cidrs":[]"#),
            "[0].allowed_cidrs",
            "is empty: no client could connect"
        ),
        Refusal(
            UpdateMessage.loadBalancer(#""allowed_cidrs":"10.0.0.0/8""#),
            "[0].allowed_cidrs",
            "must be a list, not a string"
        ),
        Refusal(
            UpdateMessage.loadBalancer(#""allowed_cidrs":["10.0.0.0/8","10.0.0.0/33"]"#),
            "[0].allowed_cidrs[1]",
            "must be a network such as 192.0.2.0/24"
        ),
        Refusal(
            UpdateMessage.loadBalancer(#""allowed_cidrs":[null]"#),
            "[0].allowed_cidrs[0]",
            "must be a string, not null"
        ),
        Refusal(
            UpdateMessage.loadBalancer(#""allowed_cidrs":["10.0.0.0/8\n0.0.0.0/0"]"#),
            "[0].allowed_cidrs[0]",
            "must be a network"
        ),
        Refusal(
            UpdateMessage.loadBalancer(#""allowed_cidrs":[\#(many)]"#),
            "[0].allowed_cidrs",
            "has 10001 networks; the limit is 10000"
        ),
        Refusal(
            UpdateMessage.loadBalancer(#""accept_proxy_protocol":"V1""#),
            "[0].accept_proxy_protocol",
            "must be true or false"
        ),
        Refusal(
            UpdateMessage.loadBalancer(#""proxy_protocol":"V3""#),
            "[0].proxy_protocol",
            "must be V1 or V2, not \"V3\""
        ),
        Refusal(UpdateMessage.loadBalancer(#""rate_limit":5"#), "[0].rate_limit", "must be an object, not a number"),
        Refusal(
            UpdateMessage.loadBalancer(#""rate_limit":{"connections_per_second":0}"#),
            "[0].rate_limit.connections_per_second",
            "must be a whole number from 1 to 1000000, not 0"
        ),
        Refusal(
            UpdateMessage.loadBalancer(#""rate_limit":{"concurrent_connections":1000001}"#),
            "[0].rate_limit.concurrent_connections",
            "must be a whole number from 1 to 1000000"
        ),
        Refusal(
            UpdateMessage.loadBalancer(#""rate_limit":{"except_cidrs":["a"]}"#),
            "[0].rate_limit.except_cidrs[0]",
            "must be a network"
        ),
        Refusal(
            #"{"protocol":"TCP","port":80,"nodes":[],"rate_limit":{"requests_per_second":5}}"#,
            "[0].rate_limit.requests_per_second",
            "is only for HTTP, not for TCP"
        ),
        Refusal(
            #"{"protocol":"GALERA","port":80,"nodes":[],"options":{"http_request_timeout":5}}"#,
            "[0].options.http_request_timeout",
            "is only for HTTP, not for GALERA"
        ),
        Refusal(
            #"{"protocol":"sctp","port":80,"nodes":[]}"#,
            "[0].protocol",
            "must be HTTP, TCP, GALERA, TERMINATED_HTTPS or HTTPS, not SCTP, which the device cannot do"
        ),
    ]

    private static func monitor(_ type: String, _ members: String) -> String {
        #"{"type":"\#(type)","delay":5,"timeout":5,"attempts":2,\#(members)}"#
    }

    static let monitorRequestRows: [Refusal] = [
        Refusal(monitor("UDP-CONNECT", #""x":1"#), ".type", "not UDP-CONNECT, which the device cannot do"),
        Refusal(
            monitor("CONNECT", #""http_method":"GET""#),
            ".http_method",
            "needs a monitor of the type HTTP or HTTPS, not CONNECT"
        ),
        Refusal(monitor("TLS-HELLO", #""expected_codes":"200""#), ".expected_codes", "HTTPS, not TLS-HELLO"),
        Refusal(
            monitor("TCP", #""domain_name":"a.example""#),
            ".domain_name",
            "needs a monitor of the type HTTP, HTTPS or TLS-HELLO, not CONNECT"
        ),
        Refusal(
            monitor("HTTP", #""http_method":"BREW""#),
            ".http_method",
            "must be CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT or TRACE"
        ),
        Refusal(monitor("HTTP", #""expected_codes":"""#), ".expected_codes", "must be codes from 100 to 599"),
        Refusal(monitor("HTTP", #""expected_codes":"600""#), ".expected_codes", "must be codes from 100 to 599"),
        Refusal(monitor("HTTP", #""expected_codes":"204-200""#), ".expected_codes", "must be codes"),
        Refusal(monitor("HTTP", #""expected_codes":"200-""#), ".expected_codes", "must be codes"),
        Refusal(monitor("HTTP", #""expected_codes":"200,202-204""#), ".expected_codes", "must be codes"),
        Refusal(monitor("HTTP", #""expected_codes":200"#), ".expected_codes", "must be a string, not a number"),
        Refusal(monitor("HTTPS", #""domain_name":"a b""#), ".domain_name", "must be a host name"),
        Refusal(monitor("HTTPS", #""domain_name":"10.0.0.1""#), ".domain_name", "must be a host name"),
        Refusal(monitor("HTTP", #""max_retries":0"#), ".max_retries", "must be a whole number from 1 to 10, not 0"),
        Refusal(monitor("HTTP", #""max_retries_down":11"#), ".max_retries_down", "from 1 to 10, not 11"),
    ]

    static let timeoutRows: [Refusal] = ["tunnel_timeout", "http_request_timeout", "queue_timeout"].flatMap { name in
        [
            Refusal(#"{"\#(name)":0}"#, ".\(name)", "must be a whole number from 1 to 2147483647, not 0"),
            Refusal(#"{"\#(name)":2147483648}"#, ".\(name)", "must be a whole number from 1 to 2147483647"),
            Refusal(#"{"\#(name)":"1s"}"#, ".\(name)", "must be a whole number, not"),
        ]
    }

    private static func node(_ members: String) -> String { #"{"address":"10.0.0.1","port":80,\#(members)}"# }

    static let nodeConnectionRows: [Refusal] = [
        Refusal(
            node(#""monitor_address":"a.example""#),
            ".monitor_address",
            "must be an IPv4 or IPv6 address to check"
        ),
        Refusal(node(#""monitor_address":"0.0.0.0""#), ".monitor_address", "an unspecified address"),
        Refusal(node(#""monitor_port":0"#), ".monitor_port", "from 1 to 65535, not 0"),
        Refusal(node(#""connection_limit":-1"#), ".connection_limit", "from 1 to 2147483647, not -1"),
        Refusal(node(#""proxy_protocol":"v3""#), ".proxy_protocol", "must be V1 or V2"),
        Refusal(
            node(#""source_address":"eth0""#),
            ".source_address",
            "must be an IPv4 or IPv6 address of this device"
        ),
        Refusal(
            node(#""source_address":"224.0.0.1""#),
            ".source_address",
            "must be a unicast address of this device, not 224.0.0.1"
        ),
        Refusal(
            node(#""source_address":"2001:db8::1""#),
            ".source_address",
            "is 2001:db8::1, of another family than 10.0.0.1"
        ),
    ]
}
