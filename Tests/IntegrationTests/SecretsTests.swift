// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// Private keys and passphrases are in the folder for keys, and nowhere else.
@Suite(Requirement.gearmand.trait, Requirement.haproxy.trait, Requirement.openssl.trait) struct SecretsTests {
    private static let passphrase = "Xk9-passphrase-Qz"

    @Test func keysAreOnlyInTheirFolder() async throws {
        try await withTemporaryFolder { keys in
            let authority = try await TestCertificates(in: keys)
            var material: [Material] = []
            for (number, keyType) in ["EC", "EC", "EC", "RSA"].enumerated() {
                let name = "key-\(number)"
                let identity = try await authority.issue(name, for: ["\(name).example.com"], keyType: keyType)
                let isEncrypted = number == 2
                material.append(try await Material(identity, isEncrypted ? Self.passphrase : nil))
            }
            let port = try FreePort.next()
            // For every reply, and every output of a command.
            var outputs: [(what: String, text: String)] = []
            let scene = Scene(port: port, material: material)
            try await withAgent(driver: "haproxy", variables: ["STEELYARD_LOG_LEVEL": "trace"]) { agent in
                for (what, message, passes) in scene.messages {
                    let result = try await agent.send("-", input: message)
                    // A reply echoes what is in a field for something else.
                    let isEchoed = what.hasPrefix("a key as")
                    let error = isEchoed ? try result.reply()["hpcs_error"] as? String : result.output
                    outputs.append((what, (error ?? "") + result.error))
                    #expect((result.code == 0) == passes, "\(what): \(result.output.prefix(300)) \(result.error)")
                    if passes { #expect(result.output.contains(#""*****""#), "\(what)") }
                    try expectNothing(in: "/proc", scene.processes(agent), scene.secrets, what)
                }
                let client = OpenSSLClient(port: port, ca: authority.ca)
                #expect(try await client.connect(to: "key-0.example.com").isVerified)
                for action in ["stats", "discover", "diagnostics", "metrics", "suspend", "enable"] {
                    let result = try await agent.send(action)
                    outputs.append((action, result.output + result.error))
                }
                try await renderAndTry(scene, agent, &outputs)
                for command in [["status"], ["status", "--json"], ["history"], ["history", "--json"]] {
                    let result = try await AgentUnderTest.local(command, agent.stateFolder)
                    outputs.append(("\(command)", result.output + result.error))
                }
                let bundle = agent.folder.appending(path: "bundle.tar.gz")
                let result = try await agent.local("bundle", "--logs", "--output", bundle.path)
                #expect(result.code == 0, "\(result.error)")
                let unpacked = agent.folder.appending(path: "unpacked")
                try FileManager.default.createDirectory(at: unpacked, withIntermediateDirectories: false)
                _ = try await Command.run("/usr/bin/tar", ["-xzf", bundle.path, "-C", unpacked.path])
                try expectModes(agent.stateFolder.appending(path: "tls"))
                try expectNothing(in: agent.folder, scene.secrets, "while it serves")
                _ = try await agent.send("delete")
                try expectNothing(in: agent.folder, scene.secrets, "after DELETE", alsoPEM: true)
            }
            for output in outputs { expectNothing(in: Array(output.text.utf8), scene.secrets, output.what) }
            #expect(outputs.count > 25)
        }
    }

    /// `steelyard render`, and the same UPDATE in an agent that changes nothing.
    private func renderAndTry(
        _ scene: Scene,
        _ agent: AgentUnderTest,
        _ outputs: inout [(what: String, text: String)]
    ) async throws {
        let old = agent.folder.appending(path: "old.json")
        try scene.update(1, ["private_key": "null", "sha256": quoted(scene.material[1].sha256)])
            .write(to: old, atomically: true, encoding: .utf8)
        for arguments in [["render", "-"], ["render", "-", "--against", old.path]] {
            let result = try await SteelyardProgram.run(arguments, input: Array(scene.update(0).utf8))
            outputs.append(("\(arguments)", result.output + result.error))
            #expect(result.code == 0, "\(result.error)")
        }
        try await withAgent(driver: "haproxy", ["--dry-run"]) { other in
            let result = try await other.send("-", input: scene.update(0))
            outputs.append(("a dry run", result.output + result.error))
            #expect(result.output.contains("hpcs_dry_run"), "\(result.output)")
            try expectNothing(in: other.folder, scene.secrets, "a dry run", alsoPEM: true)
        }
    }

    private func expectModes(_ folder: URL) throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count >= 3)
        for name in names {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    /// Searches every file below a folder, except `tls/*.pem`.
    private func expectNothing(in folder: URL, _ secrets: [String], _ what: String, alsoPEM: Bool = false) throws {
        var count = 0
        for case let name as String in try #require(FileManager.default.enumerator(atPath: folder.path)) {
            let path = folder.appending(path: name)
            guard (try? path.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true else { continue }
            if !alsoPEM, name.contains("state/tls/"), name.hasSuffix(".pem") { continue }
            // A file may be removed meanwhile.
            guard let bytes = try? Data(contentsOf: path) else { continue }
            count += 1
            expectNothing(in: Array(bytes), secrets, "\(name), \(what)")
        }
        #expect(count > 3, "\(what)")
    }

    /// Searches the environment and the arguments of processes.
    private func expectNothing(in _: String, _ processes: [Int32], _ secrets: [String], _ what: String) throws {
        #expect(!processes.isEmpty)
        for process in processes {
            for name in ["environ", "cmdline"] {
                let bytes = FileManager.default.contents(atPath: "/proc/\(process)/\(name)") ?? Data()
                expectNothing(in: Array(bytes), secrets, "\(name) of \(process), \(what)")
            }
        }
    }

    /// Searches a text without its line breaks, whether they are real or escaped.
    private func expectNothing(in bytes: [UInt8], _ secrets: [String], _ what: String) {
        let text = String(decoding: bytes, as: UTF8.self)
        let joined = text.replacing("\\n", with: "").replacing("\\r", with: "").replacing("\\/", with: "/")
            .filter { !$0.isWhitespace }
        for secret in secrets where text.contains(secret) || joined.contains(secret) {
            Issue.record("a secret is in \(what)")
        }
    }
}

/// A certificate with its key as a message contains it.
private struct Material {
    let id: String
    let certificate: String
    let key: String
    let sha256: String
    let passphrase: String?
    /// The lines of the base64 of the key, and their middle parts.
    let secrets: [String]

    init(_ identity: TestCertificates.Identity, _ passphrase: String?) async throws {
        id = URL(fileURLWithPath: identity.key).deletingPathExtension().lastPathComponent
        certificate = try String(contentsOfFile: identity.certificate, encoding: .utf8)
        let plain = try String(contentsOfFile: identity.key, encoding: .utf8)
        self.passphrase = passphrase
        var texts = [plain]
        if let passphrase {
            key = try await Self.openssl(["pkey", "-in", identity.key, "-aes256", "-passout", "pass:\(passphrase)"])
            texts.append(key)
        } else {
            key = plain
        }
        let print = try await Self.openssl(["x509", "-in", identity.certificate, "-noout", "-fingerprint", "-sha256"])
        sha256 = String(print.split(separator: "=").last ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        // The public half of a key is in its certificate, too.
        let known = certificate.filter { !$0.isWhitespace }
        secrets = texts.flatMap { text in
            text.split(separator: "\n").filter { !$0.hasPrefix("-") && $0.utf8.count > 40 }.flatMap { line in
                [String(line), String(line.dropFirst(12).prefix(24))]
            }
        }.filter { !known.contains($0) && !$0.hasPrefix("MIGHAgEA") && !$0.contains("BggqhkjOPQMBBw") }
    }

    /// As JSON, with other members of the same name instead.
    func json(_ others: [String: String] = [:]) -> String {
        var members = ["id": quoted(id), "certificate": quoted(certificate), "private_key": quoted(key)]
        members["passphrase"] = passphrase.map(quoted)
        for (name, value) in others { members[name] = value }
        return "{" + members.map { "\(quoted($0.key)): \($0.value)" }.joined(separator: ", ") + "}"
    }

    var reference: String { #"{"id": "\#(id)", "sha256": "\#(sha256)"}"# }

    private static func openssl(_ arguments: [String]) async throws -> String {
        guard let program = Requirement.openssl.path else { throw ServerFailure("openssl is not installed") }
        return String(decoding: try await Command.run(program, arguments), as: UTF8.self)
    }
}

private func quoted(_ text: String) -> String {
    String(decoding: (try? JSONEncoder().encode(text)) ?? Data(), as: UTF8.self)
}

/// The messages of the test.
private struct Scene {
    let port: Int
    let material: [Material]

    var secrets: [String] {
        material.flatMap(\.secrets) + material.compactMap(\.passphrase)
    }

    func update(
        _ container: Int,
        _ others: [String: String] = [:],
        list: String = "loadbalancers",
        more: String = ""
    ) -> String {
        update(material[container].json(others), list: list, more: more)
    }

    func update(_ container: String, list: String = "loadbalancers", more: String = "") -> String {
        """
        {"hpcs_action": "UPDATE", "\(list)": [{"protocol": "TERMINATED_HTTPS", "address": "127.0.0.1", "port": \(port),
         "default_tls_container_data": \(container)\(more), "nodes": [{"id": 1, "address": "127.0.0.1", "port": 9}]}]}
        """
    }

    /// The messages in their order, and whether they pass.
    var messages: [(what: String, text: String, passes: Bool)] {
        let key = quoted(material[1].key)
        let sni = #", "sni_container_data": ["#
        let toNodes = #", "tls_enabled": true, "tls_container_data": "#
        let node = #"{"id": 1, "address": "127.0.0.1", "port": 10}"#
        let policy = #", "l7policies": [{"#
        func rule(_ value: String) -> String { #"{"type": "PATH", "compare_type": "EQUAL_TO", "value": \#(value)}"# }
        return [
            ("the first", update(0), true),
            ("rotated", update(1), true),
            ("encrypted, SNI", update(0, more: sni + material[2].json() + "]"), true),
            ("RSA", update(3, list: "loadBalancers", more: sni + material[1].json() + "]"), true),
            ("to the nodes", update(0, more: toNodes + material[1].json()), true),
            (
                "to the nodes of a pool",
                update(0, more: #", "pools": [{"id": "p", "nodes": [\#(node)]"# + toNodes + material[3].json() + "}]"),
                true
            ),
            ("rotated back", update(0), true),
            (
                "a wrong key to the nodes",
                update(0, more: toNodes + material[1].json(["private_key": quoted(material[0].key)])), false
            ),
            ("a key as a rule", update(0, more: policy + #""action": "REJECT", "rules": [\#(rule(key))]}]"#), false),
            (
                "a key as a URL", update(0, more: policy + #""action": "REDIRECT_TO_URL", "redirect_url": \#(key)}]"#),
                false
            ),
            (
                "a key as a cookie",
                update(0, more: #", "session_persistence": {"type": "APP_COOKIE", "cookie_name": \#(key)}"#), false
            ),
            ("of another certificate", update(0, ["private_key": key]), false),
            ("a wrong passphrase", update(2, ["passphrase": quoted("x" + (material[2].passphrase ?? ""))]), false),
            ("no passphrase", update(2, ["passphrase": "null"]), false),
            ("a key that is cut off", update(0, ["private_key": quoted(String(material[0].key.dropLast(60)))]), false),
            ("a key as the certificate", update(0, ["certificate": quoted(material[0].key)]), false),
            ("a key as the id", update(0, ["id": quoted(material[0].key)]), false),
            ("a key in a list", update(0, ["private_key": "[\(key), {\"a\": \(key)}]"]), false),
            ("a key in an object", update(0, ["private_key": "{\"private_key\": \(key)}"]), false),
            ("an escaped name", update(0).replacing("\"private_key\"", with: "\"private\\u005fkey\""), true),
            ("two keys", update(#"{"private_key": \#(key), "private_key": \#(key)}"#), false),
            ("no list", update(0).replacing("\"nodes\"", with: "\"weight\": 1, \"Nodes\""), false),
            (
                "both lists", update(0).replacing("}]}]}", with: "}]}], \"loadBalancers\": [\(material[1].json())]}"),
                false
            ),
            ("an unknown reference", update(material[1].reference), false),
            ("bad ciphers", update(1, more: #", "tls_ciphers": "NOSUCH""#), false),
            ("a protocol without TLS", update(1).replacing("TERMINATED_HTTPS", with: "HTTP"), false),
            ("no JSON", String(update(1).dropLast(5)), false),
            ("a control character", update(1).replacing("\\n", with: "\n"), false),
        ]
    }

    /// The agent, its children, and HAProxy.
    func processes(_ agent: AgentUnderTest) -> [Int32] {
        let all = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
        return all.filter { process in
            let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
            return process == agent.process.processIdentifier
                || String(decoding: line, as: UTF8.self).contains(agent.stateFolder.path)
        }
    }
}
