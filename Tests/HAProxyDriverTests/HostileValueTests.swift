// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import Subprocess
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// Messages with hostile values in every field: accepted values produce exactly the expected lines.
@Suite(.ownThread)
struct HostileValueTests {
    static let hostile = [
        "\n", "a\nserver evil 6.6.6.6:80", "/\n    http-request deny", "a b", "a\tb", "a\"b", "a'b", "a\\b", "a#b",
        "$HOME",
        "${HOME}", "a\u{0}b", "a\u{7f}b", "a\u{85}b", "a\u{2028}b", "ä", "../../etc/passwd", "..", ".", "",
        String(repeating: "x", count: 300), "127.0.0.1 check", "127.0.0.1,127.0.0.2", "::1%eth0", "[::1]", "0x7f.1",
        "1.2.3", "a.b..c", "-a", "a-", "%[env(HOME)]", "%{+Q}o", "unix@/tmp/x", "fd@3", "ipv4@1.2.3.4", "localhost",
        "node-1.example.com", "10.0.0.1", "2001:db8::1", "/ok?x=1&y=%41;z=(1)*!,~@:+", "256", "-1", "1e3", "9", "true",
        "HTTP", "CONNECT", "HTTPS", "TLS-HELLO", "V2", "200-204", "200,202", "10.0.0.0/8", "::/0", "10.0.0.0/8 }", "id",
        "a,b", "{", "}", "!", "@", "*", "rdp-cookie", "a:80", "if", "\\x0aserver",
    ]

    private static let fields = [
        "id", "name", "protocol", "address", "port", "algorithm", "monitor.type", "monitor.delay", "monitor.timeout",
        "monitor.attempts", "monitor.path", "options.client_timeout", "options.server_timeout",
        "options.connect_timeout",
        "options.connect_retries", "nodes.id", "nodes.address", "nodes.port", "nodes.weight", "nodes.backup",
        "nodes.condition",
        "monitor.http_method", "monitor.expected_codes", "monitor.domain_name", "monitor.max_retries",
        "monitor.max_retries_down", "options.tunnel_timeout", "options.http_request_timeout", "options.queue_timeout",
        "connection_limit", "allowed_cidrs", "accept_proxy_protocol", "proxy_protocol",
        "rate_limit.connections_per_second", "rate_limit.requests_per_second", "rate_limit.concurrent_connections",
        "rate_limit.except_cidrs", "nodes.monitor_address", "nodes.monitor_port", "nodes.connection_limit",
        "nodes.source_address", "nodes.proxy_protocol",
    ]

    @Test
    func nothingButTheExpectedLinesIsEverRendered() async throws {
        try await blocking { try Self.tryEachField() }
    }

    private static func tryEachField() throws {
        var accepted = 0
        for field in Self.fields {
            for value in Self.hostile {
                for spoken in [ListenerProtocol.http, .galera] {
                    guard let set = Self.decode(Self.message(field, value, spoken)) else { continue }
                    accepted += 1
                    try Self.expectPlain(set, "\(field) = \(value)")
                }
            }
        }
        #expect(accepted > 200)
    }

    @Test
    func randomMixturesAreHarmlessToo() async throws {
        try await blocking { try Self.tryMixtures() }
    }

    private static func tryMixtures() throws {
        let fields = Self.fields.filter { $0.hasSuffix("id") || $0.hasSuffix("address") || $0.hasSuffix("path") }
        let pieces = Self.hostile.filter { $0.utf8.count < 50 } + ["a", "b", "1", "2", ".", "-", "/", ":"]
        var accepted = 0
        for _ in 0..<500 {
            let value = (0..<Int.random(in: 1...3)).map { _ in pieces.randomElement() ?? "" }.joined()
            let field = fields.randomElement() ?? "id"
            guard let set = Self.decode(Self.message(field, value, .http)) else { continue }
            accepted += 1
            try Self.expectPlain(set, "\(field) = \(value)")
        }
        #expect(accepted > 30)
    }

    /// Every accepted message is checked by HAProxy itself, without unresolvable names, which would take time.
    @Test(Requirement.haproxy.trait)
    func haproxyAcceptsWhateverIsAccepted() async throws {
        let seen = try await blocking {
            var seen: Set<RenderedConfiguration> = []
            for field in Self.fields where !field.hasSuffix(".address") {
                for value in Self.hostile {
                    guard let set = Self.decode(Self.message(field, value, .http)) else { continue }
                    seen.insert(try Self.render(set))
                }
            }
            return seen
        }
        #expect(seen.count > 20)
        try await withTemporaryFolder { folder in
            for rendered in seen {
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

    @Test(arguments: [
        "/tmp/a b", "/tmp/a\nb", "/tmp/$HOME", "/tmp/a#b", "/tmp/a\"b", "/tmp/a'b", "/tmp/a,level", "", "/tmp/\u{0}",
        "/tmp/a\\b", "/" + String(repeating: "x", count: 100),
    ])
    func aHostileFolderIsRefused(path: String) {
        let error = #expect(throws: SettingError.self) { try HAProxyConfiguration(stateDirectory: path) }
        #expect(error?.key == "state_dir")
    }

    @Test
    func eachOptionAtFaultIsNamed() {
        func option(_ make: @autoclosure () throws -> HAProxyConfiguration) -> String? {
            do { _ = try make() } catch { return (error as? SettingError)?.key }
            return nil
        }
        #expect(option(try HAProxyConfiguration(["binary": ""])) == "haproxy.binary")
        #expect(option(try HAProxyConfiguration(["config": "a b"])) == "haproxy.config")
        #expect(option(try HAProxyConfiguration(["log": .of("a\nb")])) == "haproxy.log")
        #expect(option(try HAProxyConfiguration(["log_target": "127.0.0.1 local0"])) == "haproxy.log_target")
        #expect(option(try HAProxyConfiguration(["user": .of("nobody\n")])) == "haproxy.user")
        #expect(option(try HAProxyConfiguration(["group": "no body"])) == "haproxy.group")
        #expect(option(try HAProxyConfiguration(["max_connections": 0])) == "haproxy.max_connections")
        #expect(option(try HAProxyConfiguration(["master_socket": "/a,level,user"])) == "haproxy.master_socket")
        let long = "/" + String(repeating: "x", count: 107)
        #expect(option(try HAProxyConfiguration(["master_socket": .of(long)])) == "haproxy.master_socket")
        #expect(option(try HAProxyConfiguration(["suspend_grace": 3601])) == "haproxy.suspend_grace")
        #expect(option(try HAProxyConfiguration(["hard_stop_after": 0])) == "haproxy.hard_stop_after")
        #expect(option(try HAProxyConfiguration()) == nil)
        #expect(option(try HAProxyConfiguration(["service": .string("systemd")])) == nil)
    }

    @Test
    func accountsThatTheDeviceDoesNotHaveAreRefused() throws {
        for (user, group) in [("no-such-user", nil), (nil, "no-such-group")] as [(String?, String?)] {
            let configuration = try HAProxyConfiguration(
                ["user": .of(user), "group": .of(group)],
                stateDirectory: "/tmp/x"
            )
            let error = #expect(throws: SettingError.self) {
                try HAProxyDriver(configuration: configuration, logger: DeviceUnderTest.logger)
            }
            #expect(error?.key == (user == nil ? "haproxy.group" : "haproxy.user"))
        }
    }

    // MARK: -

    /// The lines start with the words that a set with these numbers of nodes must produce, and no line contains a
    /// character that HAProxy's parser interprets.
    private static func expectPlain(_ set: LoadBalancerSet, _ what: String) throws {
        let text = try render(set).text
        let reference = try render(plain(like: set)).text
        #expect(firstWords(text) == firstWords(reference), "\(what.prefix(200))")
        // Only a line's first word can make it a comment.
        let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
        let body = lines.dropFirst().map { $0.hasPrefix("# ") ? $0.dropFirst(2) : $0 }.joined(separator: "\n")
        let isPlain = body.utf8.allSatisfy { byte in
            0x20...0x7E ~= byte && !"\"'\\#$".utf8.contains(byte) || byte == UInt8(ascii: "\n")
        }
        #expect(isPlain, "\(what.prefix(200))")
    }

    private static func firstWords(_ text: String) -> [[UInt8]] {
        text.utf8.split(separator: UInt8(ascii: "\n")).map { line in
            Array(line.drop { $0 == 0x20 }.prefix { $0 != 0x20 })
        }
    }

    /// The same shape with harmless values.
    private static func plain(like set: LoadBalancerSet) throws -> LoadBalancerSet {
        try LoadBalancerSet(
            set.loadBalancers.map { loadBalancer in
                try LoadBalancer(
                    protocol: loadBalancer.protocol,
                    address: loadBalancer.address == nil ? nil : IPAddress("127.0.0.1"),
                    port: Port(80),
                    algorithm: loadBalancer.algorithm,
                    monitor: HealthMonitor(kind: loadBalancer.monitor.kind, delay: 1, timeout: 1, attempts: 1),
                    options: ConnectionOptions(
                        tunnelTimeout: loadBalancer.options.tunnelTimeout.map { _ in 1 },
                        httpRequestTimeout: loadBalancer.options.httpRequestTimeout.map { _ in 1 }
                    ),
                    access: plain(like: loadBalancer.access),
                    nodes: loadBalancer.nodes.enumerated().map { index, node in
                        try Node(
                            id: Identifier("\(index)"),
                            address: HostAddress(node.hasName ? "a" : "127.0.0.1"),
                            port: Port(80)
                        )
                    }
                )
            }
        )
    }

    private static func plain(like access: ClientAccess) throws -> ClientAccess {
        let limit = access.rateLimit
        return try ClientAccess(
            connectionLimit: access.connectionLimit.map { _ in 1 },
            allowedNetworks: access.allowedNetworks.map { networks in
                // Networks of IPv4 alone need one line more.
                let hasIPv6 = networks.contains { $0.description.contains(":") }
                return [IPNetwork(hasIPv6 ? "2001:db8::1" : "10.0.0.1")].compactMap(\.self)
            },
            rateLimit: limit.map {
                try RateLimit(
                    connectionsPerSecond: $0.connectionsPerSecond.map { _ in 1 },
                    requestsPerSecond: $0.requestsPerSecond.map { _ in 1 },
                    concurrentConnections: $0.concurrentConnections.map { _ in 1 }
                )
            }
        )
    }

    private static func render(_ set: LoadBalancerSet) throws -> RenderedConfiguration {
        let facts = DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: nil)
        return try HAProxyRenderer(HAProxyConfiguration(["max_connections": 100], stateDirectory: "/tmp/x"), facts)
            .render(set, isSuspended: false)
    }

    private static func message(_ field: String, _ value: String, _ spoken: ListenerProtocol) -> [String: String] {
        setting(
            ["protocol": spoken.rawValue, "port": "8080", "nodes.address": "10.0.0.1", "nodes.port": "80"],
            field,
            value
        )
    }

    private static func setting(_ message: [String: String], _ field: String, _ value: String) -> [String: String] {
        var message = message
        if field.hasPrefix("monitor.") {
            for (name, value) in ["type": "HTTP", "delay": "9", "timeout": "9", "attempts": "2"] {
                message["monitor.\(name)"] = message["monitor.\(name)"] ?? value
            }
        }
        if field == "rate_limit.except_cidrs" { message["rate_limit.concurrent_connections"] = "9" }
        message[field] = value
        return message
    }

    private static func decode(_ message: [String: String]) -> LoadBalancerSet? {
        func object(_ prefix: String) -> [JSONFragment.Member] {
            message.filter { $0.key.hasPrefix(prefix) && !$0.key.dropFirst(prefix.count).contains(".") }
                .map { name, value in
                    .init(
                        String(name.dropFirst(prefix.count)),
                        name.hasSuffix("cidrs") ? .array([.string(value)]) : .string(value)
                    )
                }
        }
        var members = object("") + [.init("nodes", .array([.object(object("nodes."))]))]
        if !object("monitor.").isEmpty { members.append(.init("monitor", .object(object("monitor.")))) }
        if !object("options.").isEmpty { members.append(.init("options", .object(object("options.")))) }
        if !object("rate_limit.").isEmpty { members.append(.init("rate_limit", .object(object("rate_limit.")))) }
        let root = JSONFragment.object([
            .init("hpcs_action", .string("UPDATE")), .init("loadbalancers", .array([.object(members)])),
        ])
        guard let document = try? JSONDocument(root.json), let decoded = try? Message(document),
            case .update(let set) = decoded.action
        else { return nil }
        return set
    }
}
