// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers

/// Generates UPDATE and ARCHIVE messages in which any value may be hostile.
struct HostileValues {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func message() -> String { random.isLucky(oneIn: 3) ? archive() : update() }

    private mutating func update() -> String {
        let count = random.pick([1, 1, 1, 2, 2, 0, 3])
        let loadBalancers = (0..<count).map { loadBalancer($0) }
        let list = "[\(loadBalancers.joined(separator: ","))]"
        return object([("hpcs_action", #""UPDATE""#), (random.pick(["loadbalancers", "loadBalancers"]), list)])
    }

    private mutating func loadBalancer(_ index: Int) -> String {
        var members: [(name: String, value: String)] = [
            ("protocol", index == 0 ? #""HTTP""# : #""TCP""#), ("port", index == 0 ? "80" : "\"81\""),
            ("id", "\"lb\(index)\""), ("name", #""a name""#), ("address", #""10.0.0.1""#),
            ("algorithm", #""round_robin""#), ("nodes", nodes()), ("monitor", monitor()), ("options", options()),
        ]
        members += index == 0 ? routing() : [("session_persistence", object([("type", #""SOURCE_IP""#)]))]
        return object(members)
    }

    private mutating func archive() -> String {
        let items = (0..<(1 + random.below(3))).map { index in
            object([("id", "\"lb\(index)\""), ("name", #""lb #1""#), ("protocol", #""HTTP""#)])
        }
        return object([
            ("hpcs_action", #""ARCHIVE""#), ("hpcs_object_store_type", #""swift""#),
            ("hpcs_object_store_token", #""T0KEN""#),
            ("hpcs_object_store_basepath", #""logs/prefix""#),
            ("hpcs_object_store_endpoint", #""https://example.com/v1/100""#),
            ("loadbalancers", "[\(items.joined(separator: ","))]"),
        ])
    }

    private mutating func nodes() -> String {
        let nodes = (0..<random.below(4)).map { index in
            object([
                ("id", "\"n\(index)\""), ("address", random.pick([#""10.0.0.1""#, #""::1""#, #""web.example.com""#])),
                ("port", random.pick(["80", #""8080""#])), ("weight", "1"), ("backup", #""FALSE""#),
                ("condition", #""ENABLED""#),
            ])
        }
        return "[\(nodes.joined(separator: ","))]"
    }

    private mutating func routing() -> [(name: String, value: String)] {
        let rule = object([
            ("type", #""HEADER""#), ("compare_type", #""EQUAL_TO""#), ("key", #""X-Api""#), ("value", #""v 1""#),
            ("invert", "false"),
        ])
        let policies = [
            object([("action", #""REJECT""#), ("position", "1"), ("rules", "[\(rule)]")]),
            object([
                ("action", #""REDIRECT_TO_URL""#), ("redirect_url", #""https://example.com/%20""#), ("rules", "[]"),
            ]),
            object([("action", #""REDIRECT_PREFIX""#), ("redirect_prefix", #""http://[::1]:8080/a""#)]),
            object([("action", #""REDIRECT_TO_POOL""#), ("redirect_pool_id", #""p""#)]),
        ]
        let persistence = object([
            ("type", #""APP_COOKIE""#), ("cookie_name", #""SID""#), ("persistence_timeout", "60"),
        ])
        let pool = object([
            ("id", #""p""#), ("nodes", nodes()), ("session_persistence", persistence), ("tls_enabled", "true"),
            ("tls_server_name", #""node.example.com""#),
        ])
        return random.isLucky(oneIn: 2)
            ? []
            : [
                ("l7policies", "[\(policies.joined(separator: ","))]"), ("pools", "[\(pool)]"),
                ("insert_headers", object([("X-Forwarded-Port", "true")])),
                ("error_pages", object([("503", #""<p>""#)])),
            ]
    }

    private mutating func monitor() -> String {
        object([("type", #""HTTP""#), ("delay", "5"), ("timeout", "5"), ("attempts", "2"), ("path", #""/health""#)])
    }

    private mutating func options() -> String {
        object([
            ("client_timeout", "1000"), ("server_timeout", #""1000""#), ("connect_timeout", "1"),
            ("connect_retries", "0"),
        ])
    }

    /// An object, some of whose members are missing, duplicated or changed.
    private mutating func object(_ members: [(name: String, value: String)]) -> String {
        var texts: [String] = []
        for (name, value) in members {
            switch random.below(90) {
            case 0: continue
            case 1: texts += ["\"\(name)\":\(value)", "\"\(name)\":\(hostile())"]
            case 2...5: texts.append("\"\(name)\":\(hostile())")
            // A valid value with a hostile part.
            case 6,
                7 where value.hasPrefix("\""):
                texts.append("\"\(name)\":\(spoiled(value))")
            default: texts.append("\"\(name)\":\(value)")
            }
        }
        return "{" + texts.joined(separator: ",") + "}"
    }

    private mutating func hostile() -> String {
        random.pick([
            "null", "true", "[]", "{}", "0", "-1", "65536", "1e9", "1.5", "256", "257", "99999999999999999999999999",
            "-9223372036854775808", "18446744073709551617", String(repeating: "9", count: 300), #""""#, #""0""#,
            #""-1""#,
            "[[[[[]]]]]", #"{"a":{"b":null}}"#, Self.quoted(piece()),
            Self.quoted(String(repeating: piece(), count: 1 + random.below(40))),
        ])
    }

    private mutating func spoiled(_ quoted: String) -> String {
        let good = quoted.dropFirst().dropLast()
        let place = good.index(good.startIndex, offsetBy: random.below(good.count + 1))
        return Self.quoted(good[..<place] + piece() + good[place...])
    }

    private mutating func piece() -> String {
        random.pick([
            "\n", "\r\n", "\n    server evil 10.6.6.6:80", "\"", "'", "#", "$", "${HOME}", "\u{0}", "\u{1B}[2J",
            "\u{7F}", "é", "\u{301}",
            "😀", "\u{202E}", "\u{2028}", "..", "../", "/../", "\\", "\\n", "%0a", "%2e%2e", " ", "\t", ";", "|", "`id`",
            "@", "?", "/", ":",
            "*", "<", "{", "set server", String(repeating: "a", count: 300), "\u{85}", "\u{FEFF}",
        ])
    }

    private static func quoted(_ text: some StringProtocol) -> String {
        String(decoding: JSONFragment.string(String(text)).json, as: UTF8.self)
    }
}
