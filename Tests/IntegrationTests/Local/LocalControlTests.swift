// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// `steelyard status`, and changes that come by no job server.
@Suite struct LocalControlTests {
    private static let update = #"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"HTTP","nodes":[]}]}"#

    /// An agent whose job server cannot be reached.
    private static func withLonelyAgent(
        in folder: URL,
        state: URL? = nil,
        _ body: (URL, ChildProcess) async throws -> Void
    ) async throws {
        let state = state ?? folder.appending(path: "state")
        let process = try await ChildProcess.start(
            SteelyardProgram.path,
            ["worker", "--driver", "noop", "--state-dir", state.path, "--gearman", "127.0.0.1:\(try FreePort.next())"],
            in: folder,
            name: "lonely"
        )
        let result: Result<Void, any Error>
        do {
            try await eventually("the agent answers") {
                try await AgentUnderTest.local(["status"], state).code == 0
            }
            result = .success(try await body(state, process))
        } catch { result = .failure(error) }
        await process.stop()
        try result.get()
        #expect(!FileManager.default.fileExists(atPath: state.path + "/control.sock"))
    }

    @Test func deviceThatIsCutOff() async throws {
        try await withTemporaryFolder { folder in
            try await Self.withLonelyAgent(in: folder) { state, process in
                func phase() async throws -> String? {
                    try await AgentUnderTest.local(["status", "--json"], state).reply().text("device.phase")
                }
                let mode = try FileManager.default.attributesOfItem(atPath: state.path + "/control.sock")[
                    .posixPermissions
                ]
                #expect(mode as? Int == 0o600)
                #expect(try await phase() == "not_configured")
                let early = try await AgentUnderTest.local(["suspend", "--local"], state)
                #expect(early.code == 1)
                #expect(try early.reply().text("hpcs_error_code") == "not_configured")
                let updated = try await ControlConnection.ask(Array(Self.update.utf8), in: state)
                #expect(updated.contains(#""hpcs_response":"PASS""#))
                #expect(try await phase() == "serving")
                let suspended = try await AgentUnderTest.local(["suspend", "--local"], state)
                #expect(suspended.code == 0)
                #expect(suspended.output == "{\"hpcs_action\":\"SUSPEND\",\"hpcs_response\":\"PASS\"}\n")
                #expect(try await phase() == "suspended")
                #expect(try await AgentUnderTest.local(["enable", "--local"], state).code == 0)
                #expect(try await AgentUnderTest.local(["delete", "--local", "--yes"], state).code == 0)
                #expect(try await phase() == "deleted")
                let status = try await AgentUnderTest.local(["status", "--json"], state).reply()
                #expect(
                    status.list("changes").map { $0.text("action") }
                        == ["SUSPEND", "UPDATE", "SUSPEND", "ENABLE", "DELETE"]
                )
                #expect(status.list("changes").allSatisfy { $0.text("handle") == "local" && $0["server"] == nil })
                #expect(
                    status.list("job_servers").allSatisfy { $0["connected_since"] == nil && $0["last_error"] != nil }
                )
                let log = process.errorOutput
                #expect(log.contains("message received on the control socket job.handle=local"))
                #expect(log.contains("job.action=DELETE"))
            }
        }
    }

    /// A path that no socket's address can hold.
    @Test func longStateDirectory() async throws {
        try await withTemporaryFolder { folder in
            let state = folder.appending(path: String(repeating: "d", count: 120)).appending(path: "state")
            try await Self.withLonelyAgent(in: folder, state: state) { state, _ in
                let text = try await AgentUnderTest.local(["status"], state).output
                #expect(text.hasPrefix("Device       not configured"))
                #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
            }
        }
    }

    @Test(
        arguments: [
            (["suspend"], "steelyard send suspend"), (["enable"], "--local"), (["delete", "--yes"], "--local"),
            (["delete", "--local"], "--yes"), (["suspend", "--local", "--timeout", "0"], "--timeout"),
            (["status", "--nope"], "--nope"),
        ]
    )
    func wrongUsage(_ arguments: [String], _ name: String) async throws {
        let result = try await SteelyardProgram.run(arguments)
        #expect(result.code == 64)
        #expect(result.output.isEmpty && result.error.contains(name), "\(result.error)")
        #expect(result.error.split(separator: "\n").count == 1)
    }

    @Test(arguments: [["status"], ["status", "--json"], ["suspend", "--local"]]) func noAgent(
        _ arguments: [String]
    ) async throws {
        try await withTemporaryFolder { folder in
            for state in [folder, folder.appending(path: "nothing")] {
                let result = try await AgentUnderTest.local(arguments, state)
                #expect(result.code == 69)
                #expect(result.output.isEmpty)
                #expect(result.error.contains("no agent runs with the state directory \(state.path)"))
            }
        }
    }

    /// The status is shown again and again until the reader of standard output has gone.
    @Test func watch() async throws {
        try await withTemporaryFolder { folder in
            try await Self.withLonelyAgent(in: folder) { state, _ in
                let command = "'\(SteelyardProgram.path)' status --json --watch --state-dir '\(state.path)' | head -n 2"
                let lines = try await Command.run("/bin/sh", ["-c", command])
                #expect(lines.count { $0 == UInt8(ascii: "\n") } == 2)
            }
        }
    }

    /// On a terminal the status has colours and is drawn in one place.
    @Test func terminal() async throws {
        try await withTemporaryFolder { folder in
            try await Self.withLonelyAgent(in: folder) { state, _ in
                let command = "'\(SteelyardProgram.path)' status --watch --state-dir '\(state.path)'"
                let script = try await ChildProcess.start(
                    "/usr/bin/script",
                    ["--quiet", "--flush", "--return", "--command", command, "/dev/null"],
                    environment: ["TERM": "xterm", "NO_COLOR": ""],
                    in: folder,
                    name: "script"
                )
                let result: Result<Void, any Error>
                do {
                    result = .success(
                        try await eventually("it is drawn twice") {
                            script.output.components(separatedBy: "\u{1B}[H\u{1B}[2J").count > 2
                        }
                    )
                } catch { result = .failure(error) }
                #expect(script.output.contains("\u{1B}[1mDevice\u{1B}[0m"))
                await script.stop()
                try result.get()
            }
        }
    }
}
