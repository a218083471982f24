// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// The command line without a worker.
@Suite struct CommandLineTests {
    @Test(
        arguments: [
            (["worker", "--nope"], "--nope"), (["send"], "message"), (["send", "nonsense"], "nonsense"),
            (["send", "nonsense", "file.json"], "nonsense"), (["send", "--timeout", "0", "stats"], "--timeout"),
            (["render"], "file"), (["launch"], "launch"), (["worker", "--driver"], "--driver"),
            (["send", "/nonexistent/message.json"], "/nonexistent/message.json"),
        ]
    )
    func wrongUsage(_ arguments: [String], _ name: String) async throws {
        let result = try await SteelyardProgram.run(arguments)
        #expect(result.code == 64)
        #expect(result.output.isEmpty)
        expectOneLine(result.error, naming: name)
    }

    @Test(
        arguments: [
            (["--gearman", "host:port"], [:], "--gearman"),
            (["--gearman", ""], [:], "--gearman"),
            (["--log-level", "loud"], [:], "--log-level"),
            (["--log-format", "xml"], [:], "--log-format"),
            (["--driver", "nginx"], [:], "driver"),
            (["--config", "/nonexistent.json5"], [:], "--config"),
            ([], ["STEELYARD_LOG_LEVEL": "loud"], "STEELYARD_LOG_LEVEL"),
            ([], ["STEELYARD_LIMITS_NODE_COUNT": "many"], "STEELYARD_LIMITS_NODE_COUNT"),
            ([], ["STEELYARD_HAPROXY_MAX_CONNECTIONS": "0"], "STEELYARD_HAPROXY_MAX_CONNECTIONS"),
            ([], ["STEELYARD_GEARMAN_TLS_CA": "/nonexistent/ca.pem"], "gearman.tls.ca /nonexistent/ca.pem"),
            ([], ["STEELYARD_GEARMAN_TLS_KEY": "/nonexistent/key.pem"], "gearman.tls.certificate"),
            ([], ["STEELYARD_GEARMAN_TLS_SERVER_NAME": "not a name"], "STEELYARD_GEARMAN_TLS_SERVER_NAME"),
        ] as [([String], [String: String], String)]
    )
    func wrongConfiguration(_ arguments: [String], _ variables: [String: String], _ name: String) async throws {
        try await withTemporaryFolder { folder in
            let result = try await SteelyardProgram.run(
                ["worker", "--state-dir", folder.path] + arguments,
                variables: variables
            )
            #expect(result.code == 78)
            #expect(result.output.isEmpty)
            expectOneLine(result.error, naming: name)
        }
    }

    @Test(
        arguments: [
            ("{haproxy: {bin: 1}}", "haproxy.bin"), ("{nonsense: true}", "nonsense"),
            ("{archive: {compression_level: 13}}", "archive.compression_level"),
            ("{archive: {compression_level: 6.5}}", "archive.compression_level"),
            ("{driver: {}}", "driver"), ("{foo: {}}", "foo"), ("{haproxy: {bnary: {}}}", "haproxy.bnary"),
            ("{driver: 'nginx'}", "driver"), ("{haproxy: {user: 'nobody-of-this-name'}}", "haproxy.user"),
            ("{archive: {endpoints: ['a b/c']}}", "archive.endpoints"), ("{driver: 7}", "driver"),
            ("{gearman: null}", "gearman"), ("{gearman: {servers: []}}", "gearman.servers"),
            ("{gearman: {servers: ['a', 'a']}}", "gearman.servers"), ("{dry_run: 'yes'}", "dry_run"),
            ("{diagnostics: {target: 'nowhere'}}", "diagnostics.target"), ("[]", "object"), ("{", "JSON5"),
            ("{state_dir: null}", "state_dir"), ("{haproxy: {service: 'upstart'}}", "haproxy.service"),
            ("{haproxy: {stats_bind: '8404'}}", "haproxy.stats_bind"),
            ("{haproxy: {denied_nodes: ['10.0.0.0/33']}}", "haproxy.denied_nodes"),
            ("{haproxy: {denied_nodes: null}}", "haproxy.denied_nodes"),
            ("{haproxy: {log_rotated: null}}", "haproxy.log_rotated"),
            ("{haproxy: {log_rotated: ['a b']}}", "haproxy.log_rotated"),
            ("{haproxy: {buffer_size: 1024}}", "haproxy.buffer_size"),
            ("{haproxy: {max_headers: 'x'}}", "haproxy.max_headers"),
            ("{haproxy: {log_line_bytes: 80}}", "haproxy.log_line_bytes"),
            ("{haproxy: {log_empty_connections: 1}}", "haproxy.log_empty_connections"),
            ("{haproxy: {log_rotate_bytes: 65535}}", "haproxy.log_rotate_bytes"),
            ("{haproxy: {log_rotate_bytes: -1}}", "haproxy.log_rotate_bytes"),
            ("{haproxy: {log_rotate_count: 0}}", "haproxy.log_rotate_count"),
            ("{haproxy: {suspend_grace: 3601}}", "haproxy.suspend_grace"),
            ("{haproxy: {hard_stop_after: 0}}", "haproxy.hard_stop_after"),
            ("{haproxy: {master_socket: '/a b'}}", "haproxy.master_socket"),
            ("{gearman: {tls: {certificate: 'a.pem'}}}", "gearman.tls.key"),
            ("{gearman: {tls: {ca: '/nonexistent/ca.pem'}}}", "gearman.tls.ca"),
            ("{gearman: {tls: {ca: true}}}", "gearman.tls.ca"),
            ("{gearman: {tls: {server_name: '1.2.3'}}}", "gearman.tls.server_name"),
        ]
    )
    func wrongFile(_ text: String, _ name: String) async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "wrong.json5")
            try text.write(to: file, atomically: true, encoding: .utf8)
            let result = try await SteelyardProgram.run(["config", "--json", "--config", file.path])
            #expect(result.code == 78)
            #expect(result.output.isEmpty)
            expectOneLine(result.error, naming: name)
        }
    }

    /// All commands reject a state folder that other users can write.
    @Test(
        arguments: [
            ["worker"], ["worker", "--standalone"], ["worker", "--dry-run", "--driver", "noop"],
            ["archive", "--endpoint", "http://127.0.0.1:9/v1/a", "--container", "c", "--dry-run"],
        ]
    )
    func untrustedStateFolder(_ arguments: [String]) async throws {
        try await withTemporaryFolder { folder in
            let state = folder.appending(path: "state").path
            try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
            try #require(chmod(state, 0o777) == 0)
            let result = try await SteelyardProgram.run(
                arguments + ["--state-dir", state],
                variables: ["STEELYARD_TOKEN": "t"]
            )
            #expect(result.code == 78)
            expectOneLine(result.error, naming: "state_dir")
            #expect(result.error.contains("run: chmod go-w \(state)"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: state) == [])
        }
    }

    @Test func precedence() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "all.json5")
            let text = "{ /* JSON5 */ gearman: {function: 'of-the-file', servers: ['a:1']}, log: {level: 'debug'}, }"
            try text.write(to: file, atomically: true, encoding: .utf8)
            let result = try await SteelyardProgram.run(
                ["config", "--json", "--config", file.path, "--function", "of-the-command-line"],
                variables: ["STEELYARD_GEARMAN_FUNCTION": "of-the-environment", "STEELYARD_LOG_LEVEL": "error"]
            )
            let configuration = try result.reply()
            let gearman = try #require(configuration["gearman"] as? [String: Any])
            #expect(gearman["function"] as? String == "of-the-command-line")
            #expect(gearman["servers"] as? [String] == ["a:1"])
            #expect((configuration["log"] as? [String: Any])?["level"] as? String == "error")
            #expect(configuration["driver"] as? String == "haproxy")
        }
    }

    /// The example contains every key with its default, so it changes nothing.
    @Test func exampleConfiguration() async throws {
        let file = Environment.packageFolder.appending(path: "Examples/steelyard.json5")
        let defaults = try await SteelyardProgram.run(["config", "--json"])
        let example = try await SteelyardProgram.run(["config", "--json", "--config", file.path])
        #expect(example.code == 0, "\(example.error)")
        #expect(example.output == defaults.output)
    }

    /// Relative paths are relative to the working folder, and the files are read.
    @Test(Requirement.openssl.trait) func tls() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await TestCertificates(in: folder)
            let client = try await authority.issue("device", usage: .client)
            let other = try await authority.issue("other", usage: .client)
            let file = folder.appending(path: "tls.json5")
            let text = "{gearman: {tls: {certificate: '\(client.certificate)', key: '\(client.key)'}}}"
            try text.write(to: file, atomically: true, encoding: .utf8)
            let name = "STEELYARD_GEARMAN_TLS_SERVER_NAME"
            let shown = try await SteelyardProgram.run(
                ["config", "--json", "--config", file.path],
                variables: [name: "gearman.example.com"]
            )
            let gearman = try #require(shown.reply()["gearman"] as? [String: Any])
            let tls = try #require(gearman["tls"] as? [String: Any])
            #expect(tls["ca"] is NSNull)
            #expect(tls["certificate"] as? String == client.certificate)
            #expect(tls["key"] as? String == client.key)
            #expect(tls["server_name"] as? String == "gearman.example.com")

            for command in ["config", "worker"] {
                let wrong = try await SteelyardProgram.run(
                    [command, "--config", file.path, "--state-dir", folder.path],
                    variables: ["STEELYARD_GEARMAN_TLS_KEY": other.key]
                )
                #expect(wrong.code == 78)
                #expect(wrong.output.isEmpty)
                expectOneLine(wrong.error, naming: "gearman.tls.key \(other.key)")
            }
            let relative = try await SteelyardProgram.run(
                ["config"],
                variables: ["STEELYARD_GEARMAN_TLS_CA": "nonexistent.pem"]
            )
            #expect(relative.code == 78)
            expectOneLine(relative.error, naming: "gearman.tls.ca /")
        }
    }

    @Test func helpAndVersion() async throws {
        for arguments in [["--help"], ["help", "send"], ["worker", "--help"], ["--version"]] {
            let result = try await SteelyardProgram.run(arguments)
            #expect(result.code == 0)
            #expect(!result.output.isEmpty)
            #expect(result.error.isEmpty)
        }
    }

    @Test func noServer() async throws {
        let port = try FreePort.next()
        let result = try await SteelyardProgram.run(["send", "--gearman", "127.0.0.1:\(port)", "stats"])
        #expect(result.code == 69)
        #expect(result.output.isEmpty)
        expectOneLine(result.error, naming: "127.0.0.1:\(port)")
    }

    /// The setting `systemd` alone fits Debian's packages of HAProxy and rsyslog.
    @Test func renderForSystemd() async throws {
        let file = Environment.packageFolder.appending(path: "Examples/update.json")
        let variables = [
            "STEELYARD_HAPROXY_SERVICE": "systemd", "STEELYARD_HAPROXY_STATS_BIND": "[::1]:8404",
            "STEELYARD_HAPROXY_HARD_STOP_AFTER": "90",
        ]
        let result = try await SteelyardProgram.run(["render", file.path], variables: variables)
        #expect(result.code == 0, "\(result.error)")
        for line in ["log /dev/log local0", "hard-stop-after 90s", "bind [::1]:8404"] {
            #expect(result.output.contains("    \(line)\n"))
        }
        let shown = try await SteelyardProgram.run(["config", "--json"], variables: variables).reply()
        let settings = try #require(shown["haproxy"] as? [String: Any])
        #expect(settings["service"] as? String == "systemd")
        #expect(settings["stats_bind"] as? String == "[::1]:8404")
        #expect(settings["suspend_grace"] as? Int == 1)
    }

    @Test(
        arguments: [
            "update", "update-two", "update-galera", "update-tls", "update-limits", "update-routing", "update-many",
            "update-node-tls",
        ]
    )
    func renderExample(_ name: String) async throws {
        let file = Environment.packageFolder.appending(path: "Examples/\(name).json")
        let result = try await SteelyardProgram.run(["render", file.path])
        #expect(result.code == 0)
        #expect(result.error.isEmpty)
        let bytes = Array(try Data(contentsOf: file))
        let fromInput = try await SteelyardProgram.run(["render", "-"], input: bytes)
        #expect(fromInput.output == result.output)
        #expect(result.output.contains("server id-"))
    }

    @Test(
        arguments: [
            (#"{"hpcs_action":"STATS"}"#, "hpcs_action"),
            (#"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"HTTP","nodes":[{}]}]}"#, "nodes[0].address"),
            ("[", "JSON"),
            (
                #"{"hpcs_action":"UPDATE","loadBalancers":[{"protocol":"HTTP","nodes":[{"address":"localhost","port":80}]}]}"#,
                "loadBalancers[0].nodes[0].address is localhost, which has the address 127.0.0.1"
            ),
        ]
    )
    func renderOfWhatIsNoUpdate(_ text: String, _ name: String) async throws {
        let result = try await SteelyardProgram.run(["render", "-"], input: Array(text.utf8))
        #expect(result.code == 1)
        #expect(result.output.isEmpty)
        expectOneLine(result.error, naming: name)
    }

    private func expectOneLine(_ error: String, naming name: String) {
        #expect(error.split(separator: "\n").count == 1, "\(error)")
        #expect(error.lowercased().contains(name.lowercased()), "\(error)")
    }
}
