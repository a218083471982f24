// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import Subprocess
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// The rendered text, byte for byte; `STEELYARD_TEST_UPDATE_GOLDEN=1` rewrites the files.
@Suite
struct GoldenTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let name: String
        var message: String
        var isSuspended = false
        var configuration = try? HAProxyConfiguration(["max_connections": 1000], stateDirectory: "/var/lib/steelyard")
        var facts = DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: nil)

        var testDescription: String { name }
    }

    private static let full = """
        {"hpcs_action": "UPDATE", "loadbalancers": [
          {"id": 7, "name": "a \\"name\\" $goes #nowhere", "protocol": "HTTP", "port": 8080, "algorithm": "LEAST_CONNECTIONS",
           "monitor": {"type": "HTTP", "delay": 5, "timeout": 2, "attempts": 3, "path": "/health?deep=1&x=%20"},
           "options": {"client_timeout": 60000, "server_timeout": 45000, "connect_timeout": 4000, "connect_retries": 5},
           "nodes": [
             {"id": "a", "address": "10.0.0.1", "port": 80, "weight": 10},
             {"id": "b", "address": "2001:db8::1", "port": 8080, "backup": true},
             {"id": "c", "address": "web-3.example.com", "port": 80, "condition": "DISABLED"},
             {"id": "d", "address": "10.0.0.4", "port": 80, "weight": 5, "condition": "DRAINING"}]},
          {"protocol": "TCP", "address": "192.0.2.1", "port": 3306, "algorithm": "SOURCE_IP",
           "nodes": [{"address": "10.0.0.1", "port": 3306}, {"address": "10.0.0.2", "port": 3306}]}]}
        """

    private static let access = """
        {"hpcs_action": "UPDATE", "loadbalancers": [
          {"id": "web", "protocol": "HTTP", "port": 8080, "connection_limit": 500, "accept_proxy_protocol": true,
           "allowed_cidrs": ["2001:db8::/32", "10.0.0.0/8", "192.0.2.7"], "proxy_protocol": "V2",
           "rate_limit": {"connections_per_second": 20, "requests_per_second": 100, "concurrent_connections": 50,
                          "except_cidrs": ["10.0.0.0/24"]},
           "options": {"tunnel_timeout": 3600000, "http_request_timeout": 5000, "queue_timeout": 10000},
           "nodes": [
             {"id": "a", "address": "10.0.0.1", "port": 80, "connection_limit": 100, "source_address": "10.0.0.9"},
             {"id": "b", "address": "2001:db8::1", "port": 80, "source_address": "2001:db8::9", "proxy_protocol": "V1"}]},
          {"id": "db", "protocol": "TCP", "port": 3306, "rate_limit": {"connections_per_second": 5},
           "options": {"tunnel_timeout": 7200000},
           "nodes": [{"id": "c", "address": "10.0.0.3", "port": 3306, "proxy_protocol": "V1", "connection_limit": 0}]}]}
        """

    private static let monitors = """
        {"hpcs_action": "UPDATE", "loadbalancers": [
          {"id": "web", "protocol": "HTTP", "port": 8080,
           "monitor": {"type": "HTTPS", "delay": 5, "timeout": 2, "attempts": 3, "path": "/health", "http_method": "HEAD",
                       "expected_codes": "200-204", "domain_name": "www.example.com", "max_retries": 4, "max_retries_down": 5},
           "nodes": [
             {"id": "a", "address": "10.0.0.1", "port": 80, "monitor_address": "10.0.1.1", "monitor_port": 8443},
             {"id": "b", "address": "10.0.0.2", "port": 80, "monitor_address": "2001:db8::5"},
             {"id": "c", "address": "10.0.0.3", "port": 80, "monitor_port": 8443}]},
          {"id": "db", "protocol": "TCP", "port": 3306,
           "monitor": {"type": "TLS-HELLO", "delay": 5, "timeout": 2, "attempts": 1, "domain_name": "db.example.com"},
           "nodes": [{"id": "d", "address": "10.0.0.4", "port": 3306}]}]}
        """

    static let examples =
        [
            Example(
                name: "minimal",
                message:
                    #"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"http","nodes":[{"address":"10.0.0.1","port":"80"}]}]}"#
            ),
            Example(name: "full", message: full),
            Example(name: "suspended", message: full, isSuspended: true),
            Example(
                name: "galera",
                message: """
                    {"hpcs_action": "UPDATE", "loadbalancers": [{"protocol": "GALERA", "port": 3306, "address": "2001:db8::7",
                     "monitor": {"type": "CONNECT", "delay": 10, "timeout": 5, "attempts": 1},
                     "nodes": [{"id": "x", "address": "10.0.0.1", "port": 3306, "backup": true},
                               {"id": "y", "address": "10.0.0.2", "port": 3306},
                               {"id": "z", "address": "10.0.0.3", "port": 3306, "backup": true}]}]}
                    """
            ),
            Example(
                name: "no-nodes",
                message:
                    #"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"tcp","port":25,"address":"0.0.0.0","nodes":[]}]}"#
            ),
            Example(
                name: "bare-device",
                message:
                    #"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"http","nodes":[{"address":"node","port":80}]}]}"#,
                configuration: try? HAProxyConfiguration(
                    ["log_target": "127.0.0.1:514", "user": "haproxy", "group": "haproxy", "max_connections": 50_000],
                    stateDirectory: "/var/lib/steelyard"
                ),
                facts: DeviceFacts(hasIPv6: false, hasNameServer: false, descriptorLimit: 1024)
            ),
            Example(name: "access", message: access),
            Example(name: "monitors", message: monitors),
            Example(
                name: "statistics",
                message:
                    #"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"http","nodes":[{"address":"10.0.0.1","port":80}]}]}"#,
                isSuspended: true,
                configuration: try? HAProxyConfiguration(
                    ["max_connections": 1000, "hard_stop_after": 90, "stats_bind": "[::1]:8404"],
                    stateDirectory: "/var/lib/steelyard"
                )
            ),
        ] + routingExamples

    @Test(arguments: examples)
    func rendersAsAnExpertWouldWriteIt(_ example: Example) throws {
        try Self.expect(Self.render(example), toBe: example.name)
    }

    /// Compares a rendered text with a golden file, or rewrites the file.
    static func expect(_ rendered: RenderedConfiguration, toBe name: String) throws {
        let file = Environment.packageFolder.appending(path: "Tests/HAProxyDriverTests/Golden/\(name).cfg")
        if Environment["STEELYARD_TEST_UPDATE_GOLDEN"] != nil {
            try rendered.text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try rendered.text == String(contentsOf: file, encoding: .utf8))
    }

    @Test(Requirement.haproxy.trait, arguments: examples)
    func isAcceptedByHAProxy(_ example: Example) async throws {
        let rendered = try Self.render(example)
        try await withTemporaryFolder { folder in
            let file = try rendered.writeForCheck(in: folder)
            // No warnings either, except for the unresolvable name, and a file that the driver creates.
            let result = try await Subprocess.run(
                .path(FilePath(Environment.haproxy)),
                arguments: ["-c", "-f", file.path],
                output: .string(limit: 1 << 20),
                error: .combinedWithOutput
            )
            let warnings = result.standardOutput.split(separator: "\n").filter {
                $0.hasPrefix("[WARNING]") && !$0.contains("could not resolve address")
                    && !$0.contains("server state file")
            }
            #expect(result.terminationStatus.isSuccess, "\(result.standardOutput)")
            #expect(warnings.isEmpty)
        }
    }

    @Test
    func theSameMessageGivesTheSameText() throws {
        for example in Self.examples { #expect(try Self.render(example) == Self.render(example)) }
    }

    @Test
    func aSuspendedDeviceHasTheFingerprintOfOneThatServes() throws {
        let (full, suspended) = (try Self.render(Self.examples[1]), try Self.render(Self.examples[2]))
        #expect(full.fingerprint == suspended.fingerprint)
        #expect(full.checksum != suspended.checksum)
    }

    private static func render(_ example: Example) throws -> RenderedConfiguration {
        let message = try Message(JSONDocument(Array(example.message.utf8)))
        guard case .update(let set) = message.action else { throw ServerFailure("an UPDATE") }
        let configuration = try #require(example.configuration)
        return HAProxyRenderer(configuration, example.facts).render(set, isSuspended: example.isSuspended)
    }
}
