// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// A worker that runs its own job server.
@Suite(Requirement.gearmand.trait) struct StandaloneTests {
    @Test func startsAndStopsItsJobServer() async throws {
        try await withTemporaryFolder { folder in
            let address = "127.0.0.1:\(try FreePort.next())"
            let first = try await start(in: folder, address)
            var code = try await discover(address)
            #expect(code == 0)
            #expect(FileManager.default.fileExists(atPath: folder.appending(path: ".steelyard").path))
            // If it is killed, its job server remains, and the next agent takes it over.
            first.send(signal: SIGKILL)
            _ = try await first.wait()
            let second = try await start(in: folder, address)
            code = try await discover(address)
            #expect(code == 0)
            second.send(signal: SIGTERM)
            let end = try await second.wait()
            #expect(end == 0)
            code = try await discover(address)
            #expect(code == 69)
        }
    }

    @Test func portThatIsTaken() async throws {
        let other = try HangingServer()
        defer { other.stop() }
        try await withTemporaryFolder { folder in
            let result = try await SteelyardProgram.run(
                ["worker", "--standalone", "--driver", "noop", "--gearman", "127.0.0.1:\(other.port)"],
                in: folder
            )
            #expect(result.code == 78)
            #expect(result.error.contains("--gearman"))
        }
    }

    /// A job server that was taken over is watched like the agent's own: its end ends the agent.
    @Test(arguments: [true, false]) func jobServerThatEnds(_ isTakenOver: Bool) async throws {
        try await withTemporaryFolder { folder in
            let address = "127.0.0.1:\(try FreePort.next())"
            var agent = try await start(in: folder, address)
            if isTakenOver {
                agent.send(signal: SIGKILL)
                _ = try await agent.wait()
                agent = try await start(in: folder, address)
            }
            let pid = try #require(try jobServer(in: folder))
            #expect(kill(pid, SIGKILL) == 0)
            let code = try await agent.wait()
            #expect(code == 78)
            #expect(agent.errorOutput.contains("gearmand on \(address) ended"), "\(agent.errorOutput)")
        }
    }

    /// The process ID in the file may belong to another program, which is neither taken over nor ended.
    @Test func processThatIsNoJobServer() async throws {
        try await withTemporaryFolder { folder in
            let address = "127.0.0.1:\(try FreePort.next())"
            let port = address.split(separator: ":")[1]
            let state = folder.appending(path: ".steelyard")
            try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
            let file = state.appending(path: "gearmand.pid")
            // Its arguments look like those of a gearmand.
            #expect(mkfifo(folder.appending(path: "fifo").path, 0o600) == 0)
            let another = try await ChildProcess.start(
                "/bin/bash",
                ["-c", "exec -a /usr/sbin/gearmand sh -c 'read -r _ <> fifo' --port=\(port) --pid-file=\(file.path)"],
                in: folder,
                name: "another"
            )
            try "\(another.processIdentifier)\n".write(to: file, atomically: true, encoding: .utf8)
            let agent = try await start(in: folder, address)
            let code = try await discover(address)
            #expect(code == 0)
            #expect(try jobServer(in: folder) != another.processIdentifier)
            agent.send(signal: SIGTERM)
            _ = try await agent.wait()
            #expect(another.isRunning)
            await another.stop()
        }
    }

    /// gearmand inherits none of the agent's variables, such as a token.
    @Test func cleanEnvironment() async throws {
        try await withTemporaryFolder { folder in
            let address = "127.0.0.1:\(try FreePort.next())"
            let agent = try await start(in: folder, address, ["STEELYARD_TOKEN": "secret-token"])
            let pid = try #require(try jobServer(in: folder))
            let bytes = try #require(FileManager.default.contents(atPath: "/proc/\(pid)/environ"))
            let variables = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            #expect(variables.count == 1 && variables.first?.hasPrefix("PATH=") == true, "\(variables)")
            agent.send(signal: SIGTERM)
            let code = try await agent.wait()
            #expect(code == 0)
            #expect(kill(pid, 0) != 0)
        }
    }

    private func jobServer(in folder: URL) throws -> Int32? {
        let file = folder.appending(path: ".steelyard/gearmand.pid")
        return Int32(try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private func start(
        in folder: URL,
        _ address: String,
        _ variables: [String: String] = [:]
    ) async throws -> ChildProcess {
        let name = "worker-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let process = try await ChildProcess.start(
            SteelyardProgram.path,
            ["worker", "--standalone", "--driver", "noop", "--gearman", address, "--function", "standalone"],
            environment: variables,
            in: folder,
            name: name
        )
        do { try await eventually("the worker is ready") { process.output.contains("ready ") } } catch {
            await process.stop()
            throw ServerFailure("\(error): \(process.errorOutput)")
        }
        return process
    }

    private func discover(_ address: String) async throws -> Int {
        try await SteelyardProgram.run(
            ["send", "--gearman", address, "--function", "standalone", "--timeout", "10", "discover"]
        ).code
    }
}
