// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Messages on both sides of each rule, each on one line.
///
/// Rules that JSON Schema cannot express are not among them; the article Messages lists these.
enum SchemaCases {
    /// Values that no number, name or list can be.
    private static let wrongKinds = ["true", "[]", "{}", #""""#, #"" ""#, #""x\u0000""#]

    static let actions =
        ["UPDATE", "SUSPEND", "ENABLE", "DELETE", "STATS", "METRICS", "DISCOVER", "DIAGNOSTICS", "ARCHIVE"]
        .flatMap { name in
            // Nothing is configured, so these fail for another reason than the message.
            let isReading = name == "DISCOVER" || name == "DELETE"
            let right = [#"{"hpcs_action":"\#(name.lowercased())"}"#, #"{"hpcs_action":"\#(name)","x":[{}]}"#]
            return (isReading ? right : [])
                + [#"{"hpcs_action":"\#(name)X"}"#, #"{"hpcs_action":"\#(name)\n"}"#, #"{"HPCS_ACTION":"\#(name)"}"#]
        } + ["{}", #"{"hpcs_action":null}"#, #"{"hpcs_action":1}"#, #"{"hpcs_action":""}"#]

    static let updates: [String] = fields + shapes + limits

    /// One field at a time, everything else being correct.
    private static var fields: [String] {
        var messages: [String] = []
        func node(_ name: String, _ values: [String]) { messages += values.map { update(node: [name: $0]) } }
        func owner(_ name: String, _ values: [String]) { messages += values.map { update(owner: [name: $0]) } }
        func monitor(_ name: String, _ values: [String]) {
            let base = ["type": #""HTTP""#, "delay": "86400", "timeout": "1", "attempts": "2"]
            messages += values.map { update(owner: ["monitor": object(base.merging([name: $0]) { $1 })]) }
        }
        node("port", numbers(1, 65_535) + ["null"])
        node("weight", numbers(0, 256) + ["null"])
        node("backup", ["true", "false", "null", #""TRUE""#, #""fAlse""#, #""yes""#, "1", #""""#, "[]"])
        node("condition", names("ENABLED", "DISABLED", "DRAINING") + ["null"])
        node("id", identifiers + ["null"])
        node("address", addresses + hostNames + ["null"])
        owner("port", numbers(1, 65_535) + ["null"])
        owner("id", identifiers + ["null"])
        owner("name", [#""any \u00e9 text""#, #""""#, "null", "1", "[]", "{}"])
        owner("protocol", names("HTTP", "TCP", "GALERA") + ["null"])
        owner("algorithm", names("ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP") + ["null"])
        owner("address", listening + ["null"])
        owner("monitor", ["null", "[]", "1", #""""#, "{}"])
        owner("options", ["null", "[]", "1", #""""#, "{}"])
        owner("nodes", ["null", "[]", "{}", #""""#, "[1]", "[[]]", "[{}]", "[null]"])
        monitor("type", names("CONNECT", "HTTP", "HTTPS", "TLS-HELLO", "TCP") + [#""PING""#, "null"])
        monitor("delay", numbers(1, 86_400) + ["null"])
        // At most the delay.
        monitor("timeout", numbers(1, 86_400) + ["null"])
        monitor("attempts", numbers(1, 1000) + ["null"])
        monitor("path", paths + ["null"])
        for name in ["client_timeout", "server_timeout", "connect_timeout"] {
            messages += (numbers(0, 2_147_483_647) + ["null"]).map { update(owner: ["options": object([name: $0])]) }
        }
        messages += (numbers(0, 1000) + ["null"]).map { update(owner: ["options": object(["connect_retries": $0])]) }
        messages += (numbers(0, .max) + ["null"]).map { #"{"config_version":\#($0),"# + update().dropFirst() }
        return messages
    }

    /// Limits, client networks, PROXY headers, and what checks send.
    private static var limits: [String] {
        let versions = names("V1", "V2") + ["null", #""V3""#]
        let networks =
            strings(
                "10.0.0.0/8 10.0.0.0/33 10.0.0.1 10.0.0.0/008 10.0.0/8 ::/0 2001:db8::/32 2001:db8::/129 10.0.0.0/ /8"
            )
            + ["1", "null", #""10.0.0.0/8 ""#, #""10.0.0.0/8\n""#]
        let lists = networks.map { "[\($0)]" } + ["[]", "null", "{}", #""10.0.0.0/8""#]
        let limits = numbers(1, 2_147_483_647)
        var owners = (limits + ["null", "-2"]).map { ["connection_limit": $0] }
        owners += (["true", "null", #""FALSE""#, "1", "[]"]).map { ["accept_proxy_protocol": $0] }
        owners += versions.map { ["proxy_protocol": $0] } + lists.filter { $0 != "[]" }.map { ["allowed_cidrs": $0] }
        owners += [["allowed_cidrs": "[]"], ["rate_limit": "null"], ["rate_limit": "{}"], ["rate_limit": "[]"]]
        for name in ["connections_per_second", "requests_per_second", "concurrent_connections"] {
            owners += (numbers(1, 1_000_000) + ["null"]).map { ["rate_limit": object([name: $0])] }
        }
        owners += lists.map { ["rate_limit": object(["except_cidrs": $0])] }
        for name in ["tunnel_timeout", "http_request_timeout", "queue_timeout"] {
            owners += (limits + ["null"]).map { ["options": object([name: $0])] }
        }
        for kind in ["HTTP", "HTTPS", "TLS-HELLO", "TCP", "connect"] {
            let base = ["type": #""\#(kind)""#, "delay": "9", "timeout": "1", "attempts": "2"]
            var parts = [["http_method": #""GET""#], ["expected_codes": #""200""#], ["domain_name": #""a.example""#]]
            parts += [
                ["http_method": "null"], ["max_retries": "3"], ["domain_name": "null", "expected_codes": "null"],
            ]
            owners += parts.map { ["monitor": object(base.merging($0) { $1 })] }
        }
        let codes =
            strings("200 200,202 200-204 200-204-206 600 099 200, -200 200,202-204 20 2000") + [
                #""200 , 202""#, "200", #""""#,
            ]
        let request = ["type": #""HTTP""#, "delay": "9", "timeout": "1", "attempts": "2"]
        func monitor(_ name: String, _ values: [String]) {
            owners += (values + ["null"]).map { ["monitor": object(request.merging([name: $0]) { $1 })] }
        }
        monitor("expected_codes", codes)
        monitor("http_method", names("GET", "OPTIONS", "TRACE") + [#""BREW""#])
        monitor("domain_name", hostNames + addresses)
        monitor("max_retries", numbers(1, 10))
        monitor("max_retries_down", numbers(1, 10))
        var nodes = (numbers(0, 2_147_483_647) + ["null"]).map { ["connection_limit": $0] }
        nodes += (addresses + ["null"]).map { ["monitor_address": $0] } + versions.map { ["proxy_protocol": $0] }
        nodes += (numbers(1, 65_535) + ["null"]).map { ["monitor_port": $0] }
        nodes += strings("192.0.2.1 0.0.0.0 224.0.0.1 a.example").map { ["source_address": $0] }
        let kinds = [#"{"requests_per_second":5}"#, #"{"connections_per_second":5}"#, #"{"requests_per_second":null}"#]
            .map { update(owner: ["protocol": #""TCP""#, "rate_limit": $0]) }
        let timeouts = [#"{"http_request_timeout":5}"#, #"{"tunnel_timeout":5}"#].map {
            update(owner: ["protocol": #""galera""#, "options": $0])
        }
        return owners.map { update(owner: $0) } + nodes.map { update(node: $0) } + kinds + timeouts
    }

    /// What may be together, and what must be present.
    private static var shapes: [String] {
        func load(_ kind: String, _ port: Int, _ nodes: String = "[]") -> String {
            #"{"protocol":"\#(kind)","port":\#(port),"nodes":\#(nodes)}"#
        }
        func list(_ name: String, _ loads: String...) -> String {
            #"{"hpcs_action":"UPDATE","\#(name)":[\#(loads.joined(separator: ","))]}"#
        }
        let names = ["loadbalancers", "loadBalancers"]
        let pairs = ["HTTP", "TCP", "GALERA"].flatMap { first in
            ["HTTP", "TCP", "GALERA"].map { list(names[0], load(first, 80), load($0, 81)) }
        }
        let clusters = [
            ["null", "null"], ["false", "true"], ["true", "true"], ["true", #""FALSE""#], ["null", #""TRUE""#],
        ]
        .map { backups in
            let nodes = backups.map { #"{"address":"192.0.2.1","port":3306,"backup":\#($0)}"# }
            return list(names[0], load("GALERA", 3306, "[\(nodes.joined(separator: ","))]"))
        }
        let monitors = ["type", "delay", "timeout", "attempts"].map { left in
            let base = ["type": #""HTTP""#, "delay": "10", "timeout": "5", "attempts": "2"].filter { $0.key != left }
            return update(owner: ["monitor": object(base)])
        }
        return pairs + clusters + monitors + names.map { list($0, load("HTTP", 80)) } + names.map { list($0) }
            + [
                list(names[0], load("HTTP", 80), load("TCP", 81), load("TCP", 82)),
                #"{"hpcs_action":"UPDATE","loadbalancers":[\#(load("HTTP", 80))],"loadBalancers":null}"#,
                #"{"hpcs_action":"UPDATE","loadbalancers":null}"#, #"{"hpcs_action":"UPDATE","loadbalancers":{}}"#,
                list(names[0], #"{"protocol":"HTTP","nodes":[]}"#), list(names[0], #"{"protocol":"TCP","nodes":[]}"#),
                list(names[0], #"{"protocol":"GALERA","nodes":[],"port":null}"#), list(names[0], #"{"nodes":[]}"#),
                list(names[0], #"{"protocol":"HTTP"}"#), list(names[0], "null"), list(names[0], "[]"),
                list(names[0], load("HTTP", 80, #"[{"address":"192.0.2.1"}]"#)),
                list(names[0], load("HTTP", 80, #"[{"port":1}]"#)),
            ]
    }

    static var archives: [String] {
        var messages: [String] = []
        func archive(_ changes: [String: String], _ store: [String: String] = swift) {
            messages.append(object(store.merging(changes) { $1 }))
        }
        func archive(without name: String, _ store: [String: String]) {
            messages.append(object(store.filter { $0.key != name }))
        }
        archive([:])
        archive([:], s3)
        for name in swift.keys where name != "hpcs_action" { archive(without: name, swift) }
        for name in s3.keys where name != "hpcs_action" { archive(without: name, s3) }
        let secrets = [#""!~""#, #""a b""#, #""""#, #""é""#, "null", "1", quoted(8192), quoted(8193)]
        for value in secrets {
            archive(["hpcs_object_store_token": value])
            archive(["hpcs_object_store_secret_key": value], s3)
            archive(["hpcs_object_store_session_token": value], s3)
        }
        for value in names("SWIFT") + ["null"] { archive(["hpcs_object_store_type": value]) }
        for value in names("S3") { archive(["hpcs_object_store_type": value], s3) }
        let endpoints = [
            "https://example.com", "HTTP://example.com:8080/v1/a", "https://[2001:db8::1]:443/",
            "https://example.com/?b",
            "https://example.com/#f", "https://u:p@example.com/", "ftp://example.com/", "example.com", "https://",
            "https:///a", "https://example.com/../a", "https://example.com/./a", "https://example.com/%2e%2E/a",
            "https://example.com/a..b", "https://example.com/a b", "https://example.com:/", "https://example.com/é",
        ]
        for endpoint in endpoints { archive(["hpcs_object_store_endpoint": #""\#(endpoint)""#]) }
        for value in ["null", "1", #""""#] { archive(["hpcs_object_store_endpoint": value]) }
        let basePaths = [
            "logs", "/logs/", "logs/a/b", "//", "", "..", "a/../b", "a..b", "a/./b", "a\\u0007b", "a b", "é",
        ]
        for path in basePaths { archive(["hpcs_object_store_basepath": #""\#(path)""#]) }
        for value in ["null", "1", quoted(256), quoted(257)] { archive(["hpcs_object_store_basepath": value]) }
        let items = [
            "[]", "null", "{}", "[1]", "[{}]", #"[{"protocol":"TCP"}]"#, #"[{"protocol":null}]"#,
            #"[{"protocol":"UDP"}]"#,
            #"[{"protocol":"galera","id":null},{"protocol":"http","id":7}]"#, #"[{"protocol":"TCP","id":"a/b"}]"#,
        ]
        for list in items { archive(["loadbalancers": list]) }
        for count in [100, 101] {
            let list = (0..<count).map { #"{"protocol":"HTTP","id":\#($0)}"# }.joined(separator: ",")
            archive(["loadbalancers": "[\(list)]"])
        }
        return messages
    }

    private static let swift = [
        "hpcs_action": #""ARCHIVE""#, "hpcs_object_store_type": #""swift""#,
        "hpcs_object_store_endpoint": #""https://example.com/v1/1""#, "hpcs_object_store_basepath": #""logs""#,
        "hpcs_object_store_token": #""token""#, "loadbalancers": #"[{"protocol":"HTTP","id":"1"}]"#,
    ]

    private static let s3 = [
        "hpcs_action": #""ARCHIVE""#, "hpcs_object_store_type": #""s3""#,
        "hpcs_object_store_endpoint": #""https://example.com""#, "hpcs_object_store_basepath": #""logs""#,
        "hpcs_object_store_access_key": #""key""#, "hpcs_object_store_secret_key": #""secret""#,
        "loadbalancers": #"[{"protocol":"HTTP","id":"1"}]"#,
    ]

    /// A number with its limits, as a number and as a string, on both sides.
    private static func numbers(_ low: Int, _ high: Int) -> [String] {
        let (above, isOverflow) = high.addingReportingOverflow(1)
        let next = isOverflow ? "9223372036854775808" : String(above)
        let texts = ["\(low)", "\(high)", next, "\(high)0", "00\(low)", "00\(high)", "007"]
        let plain = ["\(low)", "\(high)", next, "\(high)0", "\(low - 1)", "-1", "7", "1.5"]
        // Beyond this, a fraction makes another number of it in most programs.
        let fractions = high < 1 << 53 ? ["\(low).0", "\(high).00", "\(next).0"] : []
        let strings = (texts + ["-1", "+1", " 1", "1 ", "1.0", "1\\n"]).map { "\"\($0)\"" }
        return plain + fractions + strings + wrongKinds
    }

    private static func names(_ all: String...) -> [String] {
        let words = all.flatMap { (name: String) -> [String] in
            [name, name.lowercased(), name.capitalized, "\(name)X", "\(name.dropLast())", "\(name)\\n", " \(name)"]
        }
        return words.map { "\"\($0)\"" } + ["1"] + wrongKinds
    }

    private static let identifiers =
        ["a", "A-z_0.9", "15", ".", "..", "...", "a/b", "a b", "é", "a\\n"].map { "\"\($0)\"" }
        + [quoted(64), quoted(65), "15", "-1", "0"] + wrongKinds

    private static let listening =
        strings(
            "192.0.2.1 0.0.0.0 255.255.255.255 256.0.0.1 192.0.2 192.0.2.01 :: 2001:db8::1 ::ffff:192.0.2.1",
            "fe80::1%eth0 [::1] 1::2::3 host 2001:DB8::A 12345:: : 192.0.2.1\\n"
        ) + wrongKinds

    private static let addresses =
        strings(
            "192.0.2.1 0.0.0.0 0.1.2.3 223.255.255.255 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255",
            "255.255.255.254 256.0.0.1 :: 0::0 ::1 ff02::1 2001:db8::1 fe80::1%lo"
        ) + wrongKinds

    private static let hostNames: [String] = {
        let label = String(repeating: "a", count: 63)
        let longest = "\(label).\(label).\(label).\(label.dropLast(2))"
        return strings(
            "host a.example a.example. _sip.example a-b -a a- a..b . a. .a 1a a.1 a.0x1F a.0x1G 0x a.0x xn--bcher-kva",
            "b\u{FC}cher \(label) \(label)a \(longest) \(longest). \(longest)a \(longest)a."
        )
    }()

    private static let paths =
        strings("/ health /a?b=c&d=%20 /.. a/../b /a..b /a#b /\u{E9} /a\\n /-._~!&()*+,;=:@")
        + [
            #""""#, #""/a b""#, "\"/\(String(repeating: "a", count: 254))\"",
            "\"/\(String(repeating: "a", count: 255))\"",
        ]
        + [quoted(254), quoted(255), "1", "[]"]

    /// The words of some lines, as JSON strings.
    private static func strings(_ lines: String...) -> [String] {
        lines.flatMap { $0.split(separator: " ").map { "\"\($0)\"" } }
    }

    private static func update(owner: [String: String] = [:], node: [String: String] = [:]) -> String {
        let node = ["address": #""192.0.2.1""#, "port": "80"].merging(node) { $1 }
        let base = ["protocol": #""HTTP""#, "port": "80", "nodes": "[\(object(node))]"]
        return #"{"hpcs_action":"UPDATE","loadbalancers":[\#(object(base.merging(owner) { $1 }))]}"#
    }

    private static func object(_ members: [String: String]) -> String {
        "{" + members.sorted { $0.key < $1.key }.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ",") + "}"
    }

    private static func quoted(_ count: Int) -> String { "\"\(String(repeating: "a", count: count))\"" }
}
