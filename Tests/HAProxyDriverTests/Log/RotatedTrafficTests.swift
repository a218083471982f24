// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import HAProxyDriver

/// A real HAProxy's log, rotated under traffic.
@Suite(Requirement.haproxy.trait, .timeLimit(.minutes(3)))
struct RotatedTrafficTests {
    /// Requests are sequential, so that their lines are, too; a kill interrupts some rotations.
    @Test func everyRequestIsLoggedOnceOverRotationsAndReloads() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            try await device.driver.apply(LoadBalancerSet([device.http(nodes)]))
            let rotation = LogRotation(
                DeviceFiles(device.configuration),
                bytes: LogRotation.leastBytes,
                count: 100,
                DeviceUnderTest.logger
            )
            var numbers: [Int] = []
            var mark: LogMark?
            func archive() async throws {
                let log = try await device.driver.openLog()
                numbers += try Self.numbers(log, LogPart(.http, after: mark, upTo: log.end))
                mark = log.end
            }
            // Long lines, so that a few of them trigger a rotation.
            let padding = String(repeating: "x", count: 600)
            var count = 0
            for round in 0..<10 {
                let client = try await HTTPClient(port: device.httpPort)
                for _ in 0..<100 {
                    _ = try await client.get("/\(count)-\(padding)")
                    count += 1
                    if count % 90 == 0 {
                        let step = LogRotation.Step.allCases[count / 90 % 3]
                        await Self.rotateInAnAgentThatIsKilled(device.folder.path, step)
                        // In between, archives read the state that the agent left.
                        if count % 180 == 0 { try await archive() }
                        await rotation.recover()
                    } else if count % 30 == 0 {
                        await rotation.rotateIfNeeded()
                    }
                    if count % 70 == 0 { try await archive() }
                }
                client.close()
                let options = try ConnectionOptions(connectRetries: round + 4)
                try await device.driver.apply(LoadBalancerSet([device.http(nodes, options: options)]))
            }
            try await eventually("every request is in the log") {
                try await Self.numbers(device.driver.openLog(), LogPart(.http)).count >= count
            }
            try await archive()
            #expect(numbers == Array(0..<count))
            #expect(try await Self.numbers(device.driver.openLog(), LogPart(.http)) == Array(0..<count))
            let rotated = try FileManager.default.contentsOfDirectory(atPath: device.folder.path)
                .filter { $0.hasPrefix("haproxy.log-") }
            #expect(rotated.count >= 5)
            var entry = stat()
            #expect(
                stat(device.file("haproxy.log"), &entry) == 0 && entry.st_blocks * 512 <= 3 * LogRotation.leastBytes
            )
            try await device.driver.delete()
            #expect(try FileManager.default.contentsOfDirectory(atPath: device.folder.path) == ["state.json"])
        }
    }

    private static func rotateInAnAgentThatIsKilled(_ folder: String, _ step: LogRotation.Step) async {
        // An agent with nothing to rotate ends normally.
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [folder = folder as String, step = step as LogRotation.Step] in
            let configuration = try HAProxyConfiguration(["binary": "/bin/true"], stateDirectory: folder)
            let rotation = LogRotation(
                DeviceFiles(configuration),
                bytes: LogRotation.leastBytes,
                count: 100,
                DeviceUnderTest.logger
            ) { if $0 == step { kill(getpid(), SIGKILL) } }
            await rotation.rotateIfNeeded()
            kill(getpid(), SIGKILL)
        }
    }

    private static func numbers(_ log: any OpenedLog, _ part: LogPart) throws -> [Int] {
        let text = String(decoding: try log.lines(of: [part])[0].bytes, as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            guard let start = line.firstRange(of: "\"GET /")?.upperBound else { return nil }
            return Int(line[start...].prefix { $0 != "-" })
        }
    }
}
