// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

extension UpdateRefusalTests {
    private static let http = #"{"protocol":"HTTP","nodes":[]}"#
    private static let tcp = #"{"protocol":"TCP","port":90,"nodes":[]}"#
    private static let galera = #"{"protocol":"GALERA","port":91,"nodes":[]}"#

    static let listRows: [Refusal] = [
        Refusal("null", "", "must be a list, not null"),
        Refusal("{}", "", "must be a list, not an object"),
        Refusal("\"x\"", "", "must be a list, not a string"),
        Refusal("7", "", "must be a list, not a number"),
        Refusal("[]", "", "must have one or two load balancers, not 0"),
        Refusal("[\(http),\(tcp),\(tcp)]", "[0].id", "is missing; each load balancer needs an id"),
        Refusal(
            "[\(http),\(http)]",
            "",
            "must be one HTTP and one TCP load balancer if there are two, not HTTP and HTTP"
        ),
        Refusal("[\(tcp),\(tcp)]", "", "must be one HTTP and one TCP"),
        Refusal("[\(http),\(galera)]", "", "not HTTP and GALERA"),
        Refusal("[\(tcp),\(galera)]", "", "not TCP and GALERA"),
        Refusal("[null]", "[0]", "must be an object, not null"),
        Refusal("[\(http),[]]", "[1]", "must be an object, not a list"),
        Refusal("[\(http),{}]", "[1].protocol", "is missing"),
        Refusal(
            #"[\#(http),{"protocol":"TCP","port":80,"nodes":[]}]"#,
            "[1].port",
            "is 80, the same as [0]"
        ),
        Refusal(
            #"[{"protocol":"TCP","port":80,"address":"10.0.0.1","nodes":[]},\#(http)]"#,
            "[1].port",
            "is 80, the same as [0]"
        ),
        Refusal(
            #"[{"protocol":"TCP","port":80,"address":"0::1","nodes":[]},{"protocol":"HTTP","address":"::1","nodes":[]}]"#,
            "[1].port",
            "is 80, the same as [0]"
        ),
        Refusal(
            #"[{"protocol":"TCP","port":80,"address":"0.0.0.0","nodes":[]},{"protocol":"HTTP","address":"10.0.0.1","nodes":[]}]"#,
            "[1].port",
            "is 80, the same as [0]"
        ),
        Refusal(
            #"[{"protocol":"HTTP","id":"1","nodes":[{"id":"a","address":"h","port":1},{"id":"a","address":"h","port":2}]}]"#,
            "[0].nodes[1].id",
            "is \"a\", the same as nodes[0]"
        ),
        // The second node has no id, so its id is its number, 2.
        Refusal(
            #"[{"protocol":"HTTP","nodes":[{"id":2,"address":"h","port":1},{"address":"h","port":2}]}]"#,
            "[0].nodes[1].id",
            "is \"2\", the same as nodes[0]"
        ),
    ]

    static let galeraRows: [Refusal] = [
        Refusal(
            #"[{"protocol":"galera","port":1,"nodes":[{"address":"h","port":1},{"address":"i","port":1}]}]"#,
            "[0].nodes[1].backup",
            "must be true: a GALERA load balancer has one main node, nodes[0]"
        ),
        Refusal(
            #"[{"protocol":"GALERA","port":1,"nodes":[{"address":"h","port":1,"backup":true},{"address":"i","port":1},{"address":"j","port":1,"backup":true},{"address":"k","port":1,"backup":false,"condition":"DISABLED"}]}]"#,
            "[0].nodes[3].backup",
            "has one main node, nodes[1]"
        ),
    ]

    static let loadBalancerRows: [Refusal] = [
        Refusal(#"{"nodes":[]}"#, "[0].protocol", "is missing"),
        Refusal(#"{"protocol":null,"nodes":[]}"#, "[0].protocol", "must be a string, not null"),
        Refusal(
            #"{"protocol":"UDP","nodes":[]}"#,
            "[0].protocol",
            "must be HTTP, TCP, GALERA, TERMINATED_HTTPS or HTTPS, not UDP, which the device cannot do"
        ),
        Refusal(#"{"Protocol":"HTTP","nodes":[]}"#, "[0].protocol", "is missing"),
        Refusal(#"{"protocol":"HTTP","protocol":"HTTP","nodes":[]}"#, "[0].protocol", "appears more than once"),
        Refusal(#"{"protocol":"HTTP"}"#, "[0].nodes", "is missing"),
        Refusal(#"{"protocol":"HTTP","nodes":null}"#, "[0].nodes", "must be a list, not null"),
        Refusal(#"{"protocol":"HTTP","nodes":{}}"#, "[0].nodes", "must be a list, not an object"),
        Refusal(#"{"protocol":"TCP","nodes":[]}"#, "[0].port", "is missing"),
        Refusal(#"{"protocol":"GALERA","nodes":[]}"#, "[0].port", "is missing"),
        Refusal(#"{"protocol":"TCP","port":null,"nodes":[]}"#, "[0].port", "is missing"),
        Refusal(UpdateMessage.loadBalancer(#""port":0"#), "[0].port", "must be a whole number from 1 to 65535, not 0"),
        Refusal(UpdateMessage.loadBalancer(#""port":65536"#), "[0].port", "must be a whole number from 1 to 65535"),
        Refusal(
            UpdateMessage.loadBalancer(#""port":-80"#),
            "[0].port",
            "must be a whole number from 1 to 65535, not -80"
        ),
        Refusal(UpdateMessage.loadBalancer(#""port":80.5"#), "[0].port", "must be a whole number, not \"80.5\""),
        Refusal(UpdateMessage.loadBalancer(#""port":"80x""#), "[0].port", "must be a whole number, not \"80x\""),
        Refusal(UpdateMessage.loadBalancer(#""port":[80]"#), "[0].port", "must be a whole number, not a list"),
        Refusal(UpdateMessage.loadBalancer(#""port":99999999999999999999"#), "[0].port", "is too large a number"),
        Refusal(UpdateMessage.loadBalancer(#""name":7"#), "[0].name", "must be a string, not a number"),
        Refusal(UpdateMessage.loadBalancer(#""id":{}"#), "[0].id", "must be a string, not an object"),
        Refusal(
            UpdateMessage.loadBalancer(#""address":"lb.example.com""#),
            "[0].address",
            "must be an IPv4 or IPv6 address of this device"
        ),
        Refusal(
            UpdateMessage.loadBalancer(#""address":"""#),
            "[0].address",
            "must be an IPv4 or IPv6 address of this device"
        ),
        Refusal(
            UpdateMessage.loadBalancer(#""address":"*""#),
            "[0].address",
            "must be an IPv4 or IPv6 address of this device"
        ),
        Refusal(
            UpdateMessage.loadBalancer(#""algorithm":"RANDOM""#),
            "[0].algorithm",
            "must be ROUND_ROBIN, LEAST_CONNECTIONS or SOURCE_IP, not"
        ),
        Refusal(UpdateMessage.loadBalancer(#""algorithm":1"#), "[0].algorithm", "must be a string, not a number"),
        Refusal(UpdateMessage.loadBalancer(#""monitor":[]"#), "[0].monitor", "must be an object, not a list"),
        Refusal(UpdateMessage.loadBalancer(#""options":"fast""#), "[0].options", "must be an object, not a string"),
    ]

    static let monitorRows: [Refusal] = [
        Refusal("{}", ".type", "is missing; a monitor has type, delay, timeout and attempts"),
        Refusal(#"{"delay":5,"timeout":5,"attempts":2}"#, ".type", "is missing"),
        Refusal(#"{"type":"HTTP","timeout":5,"attempts":2}"#, ".delay", "is missing"),
        Refusal(#"{"type":"HTTP","delay":5,"attempts":2}"#, ".timeout", "is missing"),
        Refusal(#"{"type":"HTTP","delay":5,"timeout":5}"#, ".attempts", "is missing"),
        Refusal(
            #"{"type":"PING","delay":5,"timeout":5,"attempts":2}"#,
            ".type",
            "must be CONNECT, HTTP, HTTPS, TLS-HELLO or TCP, not PING, which the device cannot do"
        ),
        Refusal(#"{"type":1,"delay":5,"timeout":5,"attempts":2}"#, ".type", "must be a string, not a number"),
        Refusal(
            #"{"type":"HTTP","delay":0,"timeout":5,"attempts":2}"#,
            ".delay",
            "must be a whole number from 1 to 86400, not 0"
        ),
        Refusal(
            #"{"type":"HTTP","delay":86401,"timeout":5,"attempts":2}"#,
            ".delay",
            "must be a whole number from 1 to 86400"
        ),
        Refusal(
            #"{"type":"HTTP","delay":5,"timeout":6,"attempts":2}"#,
            ".timeout",
            "must be a whole number from 1 to the delay, which is 5, not 6"
        ),
        Refusal(
            #"{"type":"HTTP","delay":null,"timeout":31,"attempts":2}"#,
            ".timeout",
            "from 1 to the delay, which is 30"
        ),
        Refusal(
            #"{"type":"HTTP","delay":5,"timeout":0,"attempts":2}"#,
            ".timeout",
            "must be a whole number from 1 to the delay"
        ),
        Refusal(
            #"{"type":"HTTP","delay":5,"timeout":5,"attempts":0}"#,
            ".attempts",
            "must be a whole number from 1 to 1000, not 0"
        ),
        Refusal(
            #"{"type":"HTTP","delay":5,"timeout":5,"attempts":1001}"#,
            ".attempts",
            "must be a whole number from 1 to 1000"
        ),
        Refusal(
            #"{"type":"HTTP","delay":"5s","timeout":5,"attempts":2}"#,
            ".delay",
            "must be a whole number, not \"5s\""
        ),
        Refusal(
            #"{"type":"HTTP","delay":5,"timeout":5,"attempts":2,"path":1}"#,
            ".path",
            "must be a string, not a number"
        ),
    ]

    static let optionRows: [Refusal] =
        ["client_timeout", "server_timeout", "connect_timeout"].flatMap { name in
            [
                Refusal(#"{"\#(name)":-1}"#, ".\(name)", "must be a whole number from 0 to 2147483647, not -1"),
                Refusal(#"{"\#(name)":2147483648}"#, ".\(name)", "must be a whole number from 0 to 2147483647"),
                Refusal(#"{"\#(name)":"30s"}"#, ".\(name)", "must be a whole number, not \"30s\""),
                Refusal(#"{"\#(name)":true}"#, ".\(name)", "must be a whole number, not a boolean"),
            ]
        } + [
            Refusal(#"{"connect_retries":-1}"#, ".connect_retries", "must be a whole number from 0 to 1000, not -1"),
            Refusal(#"{"connect_retries":1001}"#, ".connect_retries", "must be a whole number from 0 to 1000"),
            Refusal(#"{"connect_retries":"-1"}"#, ".connect_retries", "must be a whole number, not \"-1\""),
            Refusal(#"{"connect_retries":{}}"#, ".connect_retries", "must be a whole number, not an object"),
        ]

    static let nodeRows: [Refusal] = [
        Refusal("null", "", "must be an object, not null"),
        Refusal("\"10.0.0.1:80\"", "", "must be an object, not a string"),
        Refusal(#"{"port":80}"#, ".address", "is missing"),
        Refusal(#"{"address":null,"port":80}"#, ".address", "must be a string, not null"),
        Refusal(#"{"address":167772161,"port":80}"#, ".address", "must be a string, not a number"),
        Refusal(#"{"address":"h"}"#, ".port", "is missing"),
        Refusal(#"{"address":"h","port":null}"#, ".port", "is missing"),
        Refusal(#"{"address":"h","port":0}"#, ".port", "must be a whole number from 1 to 65535, not 0"),
        Refusal(#"{"address":"h","port":65536}"#, ".port", "must be a whole number from 1 to 65535, not 65536"),
        Refusal(#"{"address":"h","port":"65536"}"#, ".port", "must be a whole number from 1 to 65535, not 65536"),
        Refusal(#"{"address":"h","port":""}"#, ".port", "must be a whole number, not \"\""),
        Refusal(#"{"address":"h","port":" 80"}"#, ".port", "must be a whole number, not \" 80\""),
        Refusal(#"{"address":"h","port":"+80"}"#, ".port", "must be a whole number, not \"+80\""),
        Refusal(#"{"address":"0.0.0.0","port":80}"#, ".address", "is 0.0.0.0, an unspecified address; a node needs"),
        Refusal(#"{"address":"0.1.2.3","port":80}"#, ".address", "is 0.1.2.3, an unspecified address"),
        Refusal(#"{"address":"::","port":80}"#, ".address", "is ::, an unspecified address"),
        Refusal(#"{"address":"::ffff:0.0.0.0","port":80}"#, ".address", "is ::ffff:0.0.0.0, an unspecified address"),
        Refusal(#"{"address":"255.255.255.255","port":80}"#, ".address", "is 255.255.255.255, the broadcast address"),
        Refusal(#"{"address":"224.0.0.1","port":80}"#, ".address", "is 224.0.0.1, a multicast address"),
        Refusal(#"{"address":"239.255.255.255","port":80}"#, ".address", "is 239.255.255.255, a multicast address"),
        Refusal(#"{"address":"ff02::1","port":80}"#, ".address", "is ff02::1, a multicast address"),
        Refusal(#"{"address":"::ffff:224.0.0.1","port":80}"#, ".address", "is ::ffff:224.0.0.1, a multicast address"),
        Refusal(#"{"address":"h","port":8e1}"#, ".port", "must be a whole number, not \"8e1\""),
        Refusal(#"{"address":"h","port":80.01}"#, ".port", "must be a whole number, not \"80.01\""),
        Refusal(#"{"address":"h","port":80.0e0}"#, ".port", "must be a whole number, not \"80.0e0\""),
        Refusal(#"{"address":"h","port":"80.0"}"#, ".port", "must be a whole number, not \"80.0\""),
        Refusal(#"{"address":"h","port":0.0}"#, ".port", "must be a whole number from 1 to 65535, not 0"),
        Refusal(
            #"{"address":"h","port":99999999999999999999.0}"#,
            ".port",
            "is too large a number, \"99999999999999999999.0\""
        ),
        Refusal(#"{"address":"h","port":"٨٠"}"#, ".port", "must be a whole number, not"),
        Refusal(#"{"address":"h","port":80,"weight":-1}"#, ".weight", "must be a whole number from 0 to 256, not -1"),
        Refusal(#"{"address":"h","port":80,"weight":257}"#, ".weight", "must be a whole number from 0 to 256, not 257"),
        Refusal(
            #"{"address":"h","port":80,"weight":"257"}"#,
            ".weight",
            "must be a whole number from 0 to 256, not 257"
        ),
        Refusal(#"{"address":"h","port":80,"weight":false}"#, ".weight", "must be a whole number, not a boolean"),
        Refusal(#"{"address":"h","port":80,"weight":-9223372036854775809}"#, ".weight", "is too large a number"),
        Refusal(#"{"address":"h","port":80,"backup":"yes"}"#, ".backup", "must be true or false, not \"yes\""),
        Refusal(#"{"address":"h","port":80,"backup":1}"#, ".backup", "must be true or false, not a number"),
        Refusal(#"{"address":"h","port":80,"backup":""}"#, ".backup", "must be true or false, not \"\""),
        Refusal(#"{"address":"h","port":80,"backup":[]}"#, ".backup", "must be true or false, not a list"),
        Refusal(
            #"{"address":"h","port":80,"condition":"ON"}"#,
            ".condition",
            "must be ENABLED, DISABLED or DRAINING, not \"ON\""
        ),
        Refusal(#"{"address":"h","port":80,"condition":true}"#, ".condition", "must be a string, not a boolean"),
        Refusal(#"{"address":"h","port":80,"id":true}"#, ".id", "must be a string, not a boolean"),
        Refusal(#"{"address":"h","port":80,"id":1e+2}"#, ".id", "must be 1 to 64 letters, digits"),
    ]

    static let wrongAddresses = [
        "", " ", "10.0.0", "10.0.0.256", "10.0.0.1.1", "010.0.0.1", "10.0.0.1 ", "10.0.0.1:80", "[::1]", "::1::",
        "fe80::1%eth0",
        "1", "-host", "host-", "a..b", ".a", ".", "a..", "127.0.0.1.", "1.", "0x7f000001", "0X7F000001", "10.0x1", "0x",
        "a.0xff.", "a b", "a\nb", "a\"b", "a#b", "a$b", "${HOME}", "a\\b", "a/b",
        "é.example",
        "a\u{0}", "unix@/tmp/socket", "fd@3", "/tmp/socket", "..", "../etc", String(repeating: "a", count: 64),
        Array(repeating: "abcdefg", count: 32).joined(separator: "."), "a\u{301}", "10.0.0.1\r\nserver x",
    ]

    static let wrongIdentifiers = [
        "", " ", "a b", "a/b", "a\nb", "a\u{0}", "é", "a#", "a\"", "$a", "a\\", ".", "..",
        String(repeating: "a", count: 65), "a:b",
        "1\u{301}",
    ]

    static let wrongPaths: [(String, String)] = [
        ("/a b", "may contain only letters, digits and "), ("/a\nb", "may contain only letters"),
        ("/\u{0}", "may contain only letters"),
        ("/é", "may contain only letters"), ("/\"", "may contain only letters"), ("/'", "may contain only letters"),
        ("/#", "may contain only letters"), ("/$HOME", "may contain only letters"), ("/\\", "may contain only letters"),
        ("/{", "may contain only letters"), ("/\r\n    server x 10.0.0.1:80", "may contain only letters"),
        ("/a/../b", "must not contain '..'"), ("..", "must not contain '..'"),
        ("/a/..", "must not contain '..'"),
        ("/" + String(repeating: "a", count: 255), "must be at most 255 bytes, not 256"),
    ]

    /// A JSON string as Foundation writes it.
    func quote(_ text: String) -> Data { (try? JSONEncoder().encode(text)) ?? Data() }
}
