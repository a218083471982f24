// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import ExecDriver

@Suite("The protocol's documentation", Requirement.python.trait)
struct TranscriptTests {
    @Test("has a transcript of the messages of the agent and the example")
    func transcript() async throws {
        let taken = try HTTPBackEnd()
        defer { taken.stop() }
        let port = try FreePort.next()
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "transcript")
            let command = ProgramUnderTest.faulty("records") + [file.path]
            try await ProgramUnderTest.run(command, in: folder) { program in
                try await Self.converse(program, port: port, taken: taken.port, transcript: file)
            }
            let recorded = try String(contentsOf: file, encoding: .utf8)
                .replacing("\(port)", with: "8080").replacing("\(taken.port)", with: "8081")
                .replacing(folder.path, with: "/var/lib/steelyard")
            let documented = try Self.documented()
            #expect(Self.normal(recorded) == Self.normal(documented), "the messages:\n\(recorded)")
        }
    }

    /// Uses all of the protocol except progress.
    private static func converse(_ program: ProgramUnderTest, port: Int, taken: Int, transcript: URL) async throws {
        let driver = program.driver
        try await driver.apply(LoadBalancerSet([balancer(port, nodes: 2)], version: ConfigurationVersion(7)))
        _ = try await driver.status()
        _ = await driver.proxyStatus()
        _ = try await driver.preview(.suspend)
        let refused = try LoadBalancerSet([balancer(taken, nodes: 0)])
        _ = try await driverError { () throws(DriverError) in try await driver.apply(refused) }
        try await driver.suspend()
        try await driver.enable()
        try await driver.commit(driver.usage())
        try Data("http 192.0.2.9 GET /\n".utf8).write(to: program.folder.appending(path: "traffic.log"))
        do {
            let log = try await driver.openLog()
            _ = try await blocking { try log.lines(of: [LogPart(.http)]) }
        }
        try await eventually("the log is closed") {
            try String(contentsOf: transcript, encoding: .utf8).contains("close_log")
        }
        try await driver.delete()
        _ = try await driverError { () throws(DriverError) in try await driver.enable() }
    }

    private static func balancer(_ port: Int, nodes: Int) throws -> LoadBalancer {
        let nodes = try (0..<nodes).map { index in
            try Node(
                id: Identifier(index == 0 ? "a" : "b"),
                address: HostAddress("192.0.2.\(index + 1)"),
                port: Port(80)
            )
        }
        return try LoadBalancer(
            id: Identifier("lb-1"),
            protocol: .http,
            address: IPAddress("127.0.0.1"),
            port: Port(port),
            nodes: nodes
        )
    }

    /// Returns the lines of the article that start with an arrow.
    private static func documented() throws -> String {
        let article = Environment.packageFolder
            .appending(path: "Sources/Drivers/Exec/ExecDriver.docc/Protocol.md")
        let lines = try String(contentsOf: article, encoding: .utf8).split(separator: "\n")
        return lines.filter { $0.hasPrefix("→ ") || $0.hasPrefix("← ") }.map { $0 + "\n" }.joined()
    }

    /// Returns the lines with all times replaced by 0.
    private static func normal(_ lines: String) -> [Substring] {
        let times = /"(?<name>[a-z_]+_(us|ms)|mark)":[0-9]+/
        return lines.replacing(times) { "\"\($0.output.name)\":0" }.split(separator: "\n")
    }
}
