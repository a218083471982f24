// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// A worker that brings its own job server.
@Suite(Requirement.gearmand.trait) struct StandaloneTests {
    @Test func startsAndStopsItsJobServer() async throws {
        try await withTemporaryFolder { folder in
            let address = "127.0.0.1:\(try FreePort.next())"
            let first = try await start(in: folder, address)
            var code = try await discover(address)
            #expect(code == 0)
            #expect(FileManager.default.fileExists(atPath: folder.appending(path: ".steelyard").path))
            // Killed, it leaves its job server behind, which the next one takes over.
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

    private func start(in folder: URL, _ address: String) async throws -> ChildProcess {
        let name = "worker-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let process = try await ChildProcess.start(
            SteelyardProgram.path,
            ["worker", "--standalone", "--driver", "noop", "--gearman", address, "--function", "standalone"],
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
