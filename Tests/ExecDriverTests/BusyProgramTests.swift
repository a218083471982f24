// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import ExecDriver

@Suite("A busy driver program", Requirement.python.trait)
struct BusyProgramTests {
    @Test("that handles one request at a time lets STATS time out during a change and answers late")
    func oneAtATime() async throws {
        let port = try FreePort.next()
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("one-at-a-time")) { program in
            let driver = program.driver
            try await driver.apply(.http(port: port, nodes: 1, version: 1))
            let wanted = try LoadBalancerSet.http(port: port, nodes: 2, version: LoadBalancerSet.badVersion)
            async let change: Void = driver.apply(wanted)
            try await eventually("the change is running") { driver.isChanging }
            let error = try await driverError { () throws(DriverError) in
                _ = try await driver.status(within: .milliseconds(200))
            }
            #expect(error.code == .timedOut)
            #expect(error.message == "the driver program did not answer 'status' within 0.2 s; it is busy with 'apply'")
            // Known without a query.
            let kept = try await driver.configurationVersion()
            #expect(kept?.number == 1)
            try await change
            guard case .serving(let nodes) = try await driver.status() else { throw ServerFailure("not serving") }
            #expect(nodes.count == 2)
            #expect(!program.log.lines.contains { $0.contains("failed") }, "the late answer is not a fault")
        }
    }

    @Test("that never responds does not fill the agent with requests")
    func deaf() async throws {
        let port = try FreePort.next()
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("deaf")) {
            $0.changeTimeout = .seconds(1)
            $0.limits.recovery = .seconds(60)
        } _: { program in
            let driver = program.driver
            try await driver.apply(.http(port: port))
            // More than fits into a pipe.
            let large = try LoadBalancerSet.http(port: port, nodes: 5000)
            async let change: Void = driver.apply(large)
            var failures = 0
            for _ in 0..<300 {
                do throws(DriverError) { _ = try await driver.status(within: .milliseconds(1)) } catch {
                    failures += 1
                    #expect(error.code == .timedOut || error.code == .unavailable)
                }
            }
            // The remaining changes followed the restart of the program.
            #expect(failures > 0)
            do {
                try await change
                Issue.record("a change succeeded although it was not read")
            } catch let error as DriverError {
                #expect(error.code == .timedOut && error.message.contains("serves 1 node"), "\(error)")
            }
        }
    }

    @Test("that floods standard error is slowed down, and its lines are dropped and counted")
    func flood() async throws {
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("flood")) { program in
            _ = try await program.driver.status()
            try await eventually("lines are dropped") {
                program.log.lines.contains { $0.contains("standard error dropped") }
            }
            #expect(try await program.driver.status() == .notConfigured)
            let lines = program.log.lines.filter { $0.contains("exec.stderr") }
            #expect(lines.contains { $0.contains("flood \\u{1b}[31m \u{FFFD}") }, "\(lines.prefix(3))")
            let windows = program.log.lines.count { $0.contains("standard error dropped") } + 2
            #expect(lines.count <= ErrorOutput.greatestLines * windows)
        }
    }
}
