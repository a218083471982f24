// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

@testable import ExecDriver

@Suite("A driver program with a fault", Requirement.python.trait)
struct FaultTests {
    /// A fault during a change, and a part of the error's message.
    static let faults: [(fault: String, code: DriverError.Code, message: String)] = [
        (
            "crash", .unavailable,
            #"the driver program ended (exit code 3; last output: "what a pity") during 'apply'"#
        ),
        ("garbage", .unavailable, "sent a line that is not one JSON object: \"hello\\u{1b}[31m world\""),
        ("no-message", .unavailable, "not a JSON-RPC 2.0 message"),
        ("endless-line", .unavailable, "sent a line of more than 8388608 bytes"),
        ("silence", .timedOut, "did not answer 'apply' within 1 s"),
        ("progress-forever", .timedOut, "did not answer 'apply' within 2 s"),
        ("notification-flood", .unavailable, "sent more than 1000 notifications within a second"),
        ("unknown-id", .unavailable, "answered a request that is not pending (id 123456)"),
        ("asks", .unavailable, "sent a request; only the agent sends requests"),
        ("closes-output", .unavailable, "closed its standard input or output and did not end"),
    ]

    @Test("during a change fails the change and is restarted", arguments: faults)
    func interruptedChange(_ fault: String, _ code: DriverError.Code, _ message: String) async throws {
        let port = try FreePort.next()
        try await ProgramUnderTest.run(ProgramUnderTest.faulty(fault)) { configuration in
            configuration.changeTimeout = fault == "silence" || fault == "progress-forever" ? .seconds(1) : .seconds(60)
            configuration.progressLimit = .seconds(2)
        } _: { program in
            let driver = program.driver
            try await driver.apply(.http(port: port, nodes: 2, version: 1))
            let bad = try LoadBalancerSet.http(port: port, nodes: 3, version: LoadBalancerSet.badVersion)
            let error = try await driverError { () throws(DriverError) in try await driver.apply(bad) }
            #expect(error.code == code)
            #expect(error.message.contains(message), "\(error)")
            #expect(
                error.message.hasSuffix(
                    "during 'apply'; started again, it reports that the device serves 2 nodes with config_version 1"
                ),
                "\(error)"
            )
            #expect(try await driver.configurationVersion()?.number == 1)
            try await driver.apply(.http(port: port, nodes: 4, version: 2))
            #expect(try await driver.configurationVersion()?.number == 2)
        }
    }

    @Test("that has made a change without a response reports the change after its restart")
    func crashAfterCommit() async throws {
        let port = try FreePort.next()
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("crash-after-commit")) { program in
            let bad = try LoadBalancerSet.http(port: port, nodes: 3, version: LoadBalancerSet.badVersion)
            let error = try await driverError { () throws(DriverError) in try await program.driver.apply(bad) }
            let version = LoadBalancerSet.badVersion
            #expect(error.message.hasSuffix("it reports that the device serves 3 nodes with config_version \(version)"))
            #expect(try await program.driver.configurationVersion()?.number == LoadBalancerSet.badVersion)
        }
    }

    @Test("that responds twice is restarted, and the successful change is kept")
    func answersTwice() async throws {
        let port = try FreePort.next()
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("answers-twice")) { program in
            try await program.driver.apply(.http(port: port, version: LoadBalancerSet.badVersion))
            try await eventually("the program has failed") {
                program.log.lines.contains { $0.contains("answered a request that is not pending") }
            }
            #expect(try await program.driver.configurationVersion()?.number == LoadBalancerSet.badVersion)
        }
    }

    @Test("that is slow has more time while it reports progress")
    func slowWithProgress() async throws {
        let port = try FreePort.next()
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("slow-with-progress")) {
            $0.changeTimeout = .milliseconds(700)
        } _: { program in
            // The program is started first, so that its first change is in time.
            _ = try await program.driver.status()
            try await program.driver.apply(.http(port: port, version: LoadBalancerSet.badVersion))
        }
    }

    @Test("that rejects a change names the field; its text is made printable and short")
    func refusal() async throws {
        let port = try FreePort.next()
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("refuses")) { program in
            let driver = program.driver
            let bad = try LoadBalancerSet.http(port: port, nodes: 2, version: LoadBalancerSet.badVersion)
            let error = try await driverError { () throws(DriverError) in try await driver.apply(bad) }
            #expect(error.code == .rejected && error.field == LoadBalancerField(loadBalancer: 0, node: 1, name: "port"))
            #expect(error.message.hasPrefix("is\\u{a}\\u{1b}[31m wrong!!") && error.message.utf8.count < 600)
            let other = try LoadBalancerSet.http(port: 1, version: LoadBalancerSet.badVersion)
            let unknown = try await driverError { () throws(DriverError) in try await driver.apply(other) }
            #expect(unknown.code == .unavailable && unknown.field == nil)
            #expect(!program.log.lines.contains { $0.contains("failed") }, "the program continues")
        }
    }

    @Test("with another protocol version is rejected, and the error names both versions")
    func wrongVersion() async throws {
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("wrong-version")) { program in
            let error = try await driverError { () throws(DriverError) in _ = try await program.driver.status() }
            #expect(error.code == .unavailable)
            #expect(error.message.contains("version 2 of the exec protocol, but this agent uses version 1"))
        }
    }

    @Test("that ends at startup is reported with its last output, and restarted less and less often")
    func failsToStart() async throws {
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("fails-to-start")) { program in
            var messages: [String] = []
            for _ in 0..<6 {
                let error = try await driverError { () throws(DriverError) in _ = try await program.driver.status() }
                #expect(error.code == .unavailable)
                messages.append(error.message)
            }
            #expect(
                messages[0] == #"the driver program ended (exit code 9; last output: "there is no\u{7} licence")"#
            )
            #expect(messages[5].hasPrefix(messages[0] + "; restarting in "))
        }
    }

    @Test("that does not exist, or does not respond at startup, is named in the error")
    func neverStarts() async throws {
        try await ProgramUnderTest.run(["/nonexistent/driver"]) { program in
            let error = try await driverError { () throws(DriverError) in try await program.driver.suspend() }
            #expect(error.message.contains("cannot be started: /nonexistent/driver does not exist"))
        }
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("silent-start")) {
            $0.limits.start = .seconds(1)
        } _: {
            program in
            let error = try await driverError { () throws(DriverError) in try await program.driver.suspend() }
            #expect(error.code == .timedOut)
        }
    }

    @Test("that returns an invalid 'status' fails only that call")
    func malformedStatus() async throws {
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("malformed-status")) { program in
            let error = try await driverError { () throws(DriverError) in _ = try await program.driver.status() }
            #expect(error.message.contains("a node (0) without id and status"))
            #expect(try await program.driver.configurationVersion() == nil)
        }
    }

    @Test("with few capabilities gets no other requests")
    func fewCapabilities() async throws {
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("few-capabilities")) { program in
            let driver = program.driver
            let errors = [
                try await driverError { () throws(DriverError) in _ = try await driver.usage() },
                try await driverError { () throws(DriverError) in _ = try await driver.openLog() },
                try await driverError { () throws(DriverError) in _ = try await driver.preview(.delete) },
            ]
            #expect(errors.allSatisfy { $0.code == .unsupported })
            #expect(errors[0].message == "the driver program example has no usage")
            #expect(await driver.proxyStatus() == nil)
        }
    }
}
