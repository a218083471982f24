// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// `steelyard bundle`.
@Suite struct BundleTests {
    /// Unpacks a bundle.
    ///
    /// - Returns: The contents by their names.
    private static func unpack(_ bundle: URL, in folder: URL) async throws -> [String: String] {
        let place = folder.appending(path: "unpacked-\(UInt32.random(in: 0...UInt32.max))")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        _ = try await Command.run(
            "/usr/bin/tar",
            ["-xzf", bundle.path, "-C", place.path, "--strip-components=1"]
        )
        var contents: [String: String] = [:]
        for case let name as String in try #require(FileManager.default.enumerator(atPath: place.path)) {
            let path = place.appending(path: name)
            guard (try? path.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true else { continue }
            contents[name] = String(decoding: try Data(contentsOf: path), as: UTF8.self)
        }
        return contents
    }

    /// Secrets are everywhere on the device, and nowhere in the bundle.
    @Test(arguments: [false, true]) func masksSecrets(withLogs: Bool) async throws {
        try await withTemporaryFolder { folder in
            let secrets = (1...12).map { "Xk9-s3cret-\($0)-Qz" }
            let state = folder.appending(path: "state")
            try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
            let files = [
                "haproxy.cfg": """
                userlist u
                    user admin insecure-password \(secrets[0])
                listen stats
                    stats auth admin:\(secrets[1])
                    http-request set-header Authorization "Basic \(secrets[2])"

                """,
                "other.json": #"{"a": {"token": "\#(secrets[3])"}, "note": "seen \#(secrets[3])"}"#,
                "notes": "api_key: \(secrets[4])\n",
                "key.pem": "-----BEGIN PRIVATE KEY-----\n\(secrets[5])\n-----END PRIVATE KEY-----\n",
                "haproxy.log": "GET /?token=\(secrets[6]) HTTP/1.1\nwith \(secrets[0])\n",
                "history.jsonl": #"{"error": "X-Auth-Token: \#(secrets[7]) refused"}"# + "\n",
            ]
            for (name, text) in files {
                try text.write(to: state.appending(path: name), atomically: true, encoding: .utf8)
            }
            // The agent has another user than the operator.
            if geteuid() == 0 {
                for name in Array(files.keys) + [""] { chown(state.appending(path: name).path, 65_534, 65_534) }
            }
            let config = folder.appending(path: "steelyard.json5")
            try """
            {
              state_dir: '\(state.path)',
              exec: {
                command: ['/bin/true', '--password', '\(secrets[8])', '--url', 'http://u:\(secrets[9])@host/'],
                settings: { token: '\(secrets[10])' },
              },
            }
            """.write(to: config, atomically: true, encoding: .utf8)
            let output = folder.appending(path: "b.tar.gz")
            let result = try await SteelyardProgram.run(
                ["bundle", "--config", config.path, "--output", output.path] + (withLogs ? ["--logs"] : []),
                variables: ["STEELYARD_TOKEN": secrets[11]]
            )
            #expect(result.code == 0, "\(result.error)")
            #expect(result.output == output.path + "\n")
            #expect(try FileManager.default.attributesOfItem(atPath: output.path)[.posixPermissions] as? Int == 0o600)
            let contents = try await Self.unpack(output, in: folder)
            for (name, text) in contents {
                for secret in secrets { #expect(!text.contains(secret), "\(secret) in \(name)") }
            }
            for name in ["MANIFEST.txt", "config.json", "driver/haproxy.cfg", "state/other.json", "version.txt"] {
                #expect(contents[name]?.isEmpty == false, "\(name)")
            }
            #expect(contents["driver/haproxy.cfg"]?.contains("stats auth (masked)\n") == true)
            #expect(contents["environment.txt"]?.contains("STEELYARD_TOKEN=(masked)\n") == true)
            #expect((contents["logs/haproxy.log"] != nil) == withLogs)
            let manifest = try #require(contents["MANIFEST.txt"])
            for line in ["state/key.pem: it may be a key", "status.json: no agent runs"] {
                #expect(manifest.contains(line), "\(manifest)")
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).contains { $0.hasSuffix(".tar") }
                    == false
            )
        }
    }

    @Test(Requirement.gearmand.trait) func runningAgent() async throws {
        try await withAgent { agent in
            let output = agent.folder.appending(path: "b.tar.gz")
            let result = try await agent.local("bundle", "--output", output.path)
            #expect(result.code == 0, "\(result.error)")
            let contents = try await Self.unpack(output, in: agent.folder)
            #expect(contents["status.json"]?.contains(#""pid":\#(agent.process.processIdentifier)"#) == true)
            #expect(contents["process/agent-status.txt"]?.contains("VmRSS") == true)
            // A second one does not replace the first.
            let again = try await agent.local("bundle", "--output", output.path)
            #expect(again.code == 73)
            #expect(again.error.contains("exists already"))
        }
    }

    /// Secrets with any marks, logs of earlier settings and files outside the state directory are not in the bundle.
    @Test(arguments: ["pa#ss,TAILLEAK;more", "first TAILLEAK", "a]TAILLEAK}"])
    func leavesOut(secret: String) async throws {
        try await withTemporaryFolder { folder in
            let (state, other) = (folder.appending(path: "state"), folder.appending(path: "other"))
            for place in [state, other] {
                try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            }
            let files = [
                state.appending(path: "haproxy.log"), state.appending(path: "haproxy.log-0000000000000001"),
                other.appending(path: "notes"),
            ]
            for file in files { try "TAILLEAK\n".write(to: file, atomically: true, encoding: .utf8) }
            let drift = #"{"drift":"+ user a insecure-password xTAILLEAK"}"#
            try drift.write(to: state.appending(path: "drift.json"), atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(
                at: state.appending(path: "archived"),
                withDestinationURL: other
            )
            let config = folder.appending(path: "steelyard.json5")
            try "{state_dir: '\(state.path)', haproxy: {log: '\(folder.path)/new.log'}}"
                .write(to: config, atomically: true, encoding: .utf8)
            let output = folder.appending(path: "b.tar.gz")
            let result = try await SteelyardProgram.run(
                ["bundle", "--config", config.path, "--output", output.path],
                variables: ["STEELYARD_TOKEN": secret]
            )
            #expect(result.code == 0, "\(result.error)")
            let contents = try await Self.unpack(output, in: folder)
            for (name, text) in contents { #expect(!text.contains("TAILLEAK"), "\(name)") }
            #expect(contents["environment.txt"]?.contains("STEELYARD_TOKEN=(masked)\n") == true)
            #expect(contents["state/drift.json"] != nil)
            #expect(contents["MANIFEST.txt"]?.contains("state/haproxy.log: it may be a log") == true)
            #expect(!contents.keys.contains { $0.hasPrefix("state/archived") })
        }
    }

    /// A configuration with a fault is what support is asked about.
    @Test func faultyConfiguration() async throws {
        try await withTemporaryFolder { folder in
            let config = folder.appending(path: "steelyard.json5")
            try "{nonsense: true}".write(to: config, atomically: true, encoding: .utf8)
            let output = folder.appending(path: "b.tar.gz")
            let result = try await SteelyardProgram.run(
                ["bundle", "--config", config.path, "--state-dir", folder.path, "--output", output.path]
            )
            #expect(result.code == 0)
            let contents = try await Self.unpack(output, in: folder)
            #expect(contents["configuration-fault.txt"]?.contains("nonsense") == true)
        }
    }

    @Test func noPlaceToWrite() async throws {
        let result = try await SteelyardProgram.run([
            "bundle", "--output", "/nonexistent/b.tar.gz", "--state-dir", "/nonexistent",
        ])
        #expect(result.code == 73)
        #expect(result.error.contains("/nonexistent/b.tar.gz"))
    }
}
