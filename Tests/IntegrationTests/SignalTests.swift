// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// The effect of signals on a worker at any time.
@Suite struct SignalTests {
    /// Once the worker catches a signal, the signal ends it with 0: while it reads its configuration, starts its
    /// threads, connects, and afterwards.
    @Test(arguments: [SIGTERM, SIGINT])
    func stopsAtEveryMomentOfItsStart(_ signal: Int32) async throws {
        try await withTemporaryFolder { folder in
            for milliseconds in stride(from: 0, through: 100, by: 4) {
                let process = try await start(in: folder)
                try await catches(signal, process)
                try await Task.sleep(for: .milliseconds(milliseconds))
                process.send(signal: signal)
                let code = try await process.wait()
                #expect(code == 0, "after \(milliseconds) ms: \(process.errorOutput)")
            }
        }
    }

    /// OpenSSL's exit handler frees memory that an ending thread may still use: the agent crashed in it.
    @Test func runsNoExitHandlers() async throws {
        try await withTemporaryFolder { folder in
            let trace = folder.appending(path: "ld").path
            let process = try await start(in: folder, environment: ["LD_DEBUG": "files", "LD_DEBUG_OUTPUT": trace])
            try await catches(SIGTERM, process)
            try await eventually("the worker tries to connect") {
                process.errorOutput.contains("job server unreachable")
            }
            process.send(signal: SIGTERM)
            let code = try await process.wait()
            #expect(code == 0)
            // The dynamic loader writes a file for each process.
            let events = try String(contentsOfFile: "\(trace).\(process.processIdentifier)", encoding: .utf8)
            #expect(events.contains("calling init:"))
            #expect(!events.contains("calling fini:"))
        }
    }

    /// The lock belongs to the process, not to the descriptor: otherwise a child that has yet to close inherited
    /// descriptors would keep the next agent from starting.
    @Test func locksItsFolderAsAProcess() async throws {
        try await withTemporaryFolder { folder in
            let first = try await start(in: folder, state: "state")
            try await catches(SIGTERM, first)
            try await eventually("it tries to connect") { first.errorOutput.contains("job server unreachable") }
            let second = try await start(in: folder, state: "state")
            let code = try await second.wait()
            #expect(code == 78)
            #expect(second.errorOutput.contains("another agent, process \(first.processIdentifier);"))
            first.send(signal: SIGKILL)
            _ = try await first.wait()
            let third = try await start(in: folder, state: "state")
            try await eventually("it tries to connect") { third.errorOutput.contains("job server unreachable") }
            await third.stop()
        }
    }

    /// Signals end other commands, as usual.
    @Test(Requirement.gearmand.trait) func endsOtherCommands() async throws {
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { gearmand in
                let process = try await ChildProcess.start(
                    SteelyardProgram.path,
                    ["send", "--gearman", gearmand.address, "--function", "nobody", "stats"],
                    in: folder,
                    name: "send"
                )
                #expect(try !Self.isCaught(SIGHUP, by: process))
                process.send(signal: SIGHUP)
                let code = try await process.wait()
                #expect(code == 128 + SIGHUP)
            }
        }
    }

    private func start(
        in folder: URL,
        state: String? = nil,
        environment: [String: String] = [:]
    ) async throws -> ChildProcess {
        let name = "worker-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        return try await ChildProcess.start(
            SteelyardProgram.path,
            [
                "worker", "--driver", "noop", "--gearman", "127.0.0.1:1",
                "--state-dir", folder.appending(path: state ?? name).path,
            ],
            environment: environment,
            in: folder,
            name: name
        )
    }

    private func catches(_ signal: Int32, _ process: ChildProcess) async throws {
        try await eventually("the worker catches signal \(signal)") { try Self.isCaught(signal, by: process) }
    }

    private static func isCaught(_ signal: Int32, by process: ChildProcess) throws -> Bool {
        let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
        guard let mask = line.flatMap({ UInt64($0.split(separator: "\t").last ?? "", radix: 16) }) else { return false }
        return mask >> UInt64(signal - 1) & 1 == 1
    }
}
