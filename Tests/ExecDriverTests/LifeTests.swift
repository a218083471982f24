// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import ExecDriver

@Suite("The life cycle of a driver program", Requirement.python.trait)
struct LifeTests {
    @Test("run() starts the program, restarts it after it was killed, and stops it")
    func supervision() async throws {
        try await ProgramUnderTest.run(ProgramUnderTest.example) { program in
            let driver = program.driver
            let running = Task { try await driver.run() }
            try await eventually("the program runs") { driver.processID != nil }
            let first = try #require(driver.processID)
            kill(first, SIGKILL)
            try await eventually("another program runs") { driver.processID.map { $0 != first } ?? false }
            let second = try #require(driver.processID)
            running.cancel()
            try await running.value
            #expect(kill(second, 0) != 0, "the program has ended")
            let error = try await driverError { () throws(DriverError) in _ = try await driver.status() }
            #expect(error.code == .cancelled)
            #expect(program.log.lines.contains { $0.contains("the driver program ended (signal 9)") })
        }
    }

    @Test("a program that ignores the end of its input and SIGTERM is killed")
    func stubbornProgram() async throws {
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("stays")) {
            $0.limits.exit = .milliseconds(200)
            $0.limits.termination = .milliseconds(200)
        } _: { program in
            _ = try await program.driver.status()
            let process = try #require(program.driver.processID)
            await program.driver.stop()
            #expect(kill(process, 0) != 0)
            #expect(program.log.lines.contains { $0.contains("does not stop; killing it") })
        }
    }

    @Test("a program's children end with it, even if the command is a shell that waits for the program")
    func wrappedProgram() async throws {
        let script = Environment.packageFolder.appending(path: "Tests/ExecDriverTests/Programs/wrapped.sh").path
        try await ProgramUnderTest.run(["/bin/sh", script] + ProgramUnderTest.faulty("silence")) {
            $0.changeTimeout = .seconds(1)
            $0.limits.termination = .milliseconds(200)
        } _: { program in
            let port = try FreePort.next()
            _ = try await program.driver.status()
            let shell = try #require(program.driver.processID)
            let children = try String(contentsOfFile: "/proc/\(shell)/task/\(shell)/children", encoding: .utf8)
            let python = try #require(Int32(children.split(separator: " ").first ?? ""))
            let bad = try LoadBalancerSet.http(port: port, nodes: 3, version: LoadBalancerSet.badVersion)
            _ = try await driverError { () throws(DriverError) in try await program.driver.apply(bad) }
            // Its orphan may be a zombie until process 1 has reaped it.
            try await eventually("the program has ended") { Self.isGone(python) }
        }
    }

    private static func isGone(_ process: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return true }
        return stat.split(separator: ")").last?.hasPrefix(" Z") == true
    }

    @Test("a released driver stops its program")
    func release() async throws {
        try await withTemporaryFolder { folder in
            var process: Int32?
            try await ProgramUnderTest.run(ProgramUnderTest.example, in: folder) { program in
                _ = try await program.driver.status()
                process = program.driver.processID
            }
            let ended = try #require(process)
            try await eventually("the program has ended") { kill(ended, 0) != 0 }
        }
    }

    @Test("the program's environment contains no variable of the agent")
    func environment() async throws {
        try await ProgramUnderTest.run(ProgramUnderTest.faulty("prints-environment")) { program in
            _ = try await program.driver.status()
            try await eventually("the environment is logged") {
                program.log.lines.contains { $0.contains("exec.stderr=environment ") }
            }
            let line = try #require(program.log.lines.first { $0.contains("environment ") })
            let names = line.split(separator: " ").drop { !$0.contains("environment") }.dropFirst()
            #expect(Set(names).subtracting(["LANG", "LC_CTYPE", "PATH"]).isEmpty, "\(line)")
        }
    }

    @Test("the state survives the program and the agent")
    func state() async throws {
        try await withTemporaryFolder { folder in
            let port = try FreePort.next()
            try await ProgramUnderTest.run(ProgramUnderTest.example, in: folder) { program in
                try await program.driver.apply(.http(port: port, nodes: 3, version: 7))
                try await program.driver.suspend()
            }
            try await ProgramUnderTest.run(ProgramUnderTest.example, in: folder) { program in
                let status = try await program.driver.status()
                #expect(status == .suspended)
                #expect(try await program.driver.configurationVersion()?.number == 7)
            }
        }
    }

    @Test("a port that is in use fails the UPDATE with the port's field")
    func portInUse() async throws {
        let other = try HTTPBackEnd()
        defer { other.stop() }
        try await ProgramUnderTest.run(ProgramUnderTest.example) { program in
            let wanted = try LoadBalancerSet.http(port: other.port)
            let error = try await driverError { () throws(DriverError) in try await program.driver.apply(wanted) }
            #expect(error.code == .addressInUse && error.field == LoadBalancerField(loadBalancer: 0, name: "port"))
            #expect(try await program.driver.status() == .notConfigured)
        }
    }

    @Test("a log is read in pieces, each kind of line separately, even after a DELETE")
    func log() async throws {
        try await ProgramUnderTest.run(ProgramUnderTest.example) { program in
            _ = try await program.driver.status()
            let http = (0..<60_000).map { "http \($0) GET /ä\n" }
            let tcp = (0..<60_000).map { "tcp \($0)\n" }
            let text = zip(http, tcp).map { $0 + $1 }.joined() + "tcp without end"
            try Data(text.utf8).write(to: program.folder.appending(path: "traffic.log"))
            let log = try await program.driver.openLog()
            try await program.driver.delete()
            #expect(log.byteCount == UInt64(text.utf8.count))
            let blocks = try await blocking { try log.lines(of: [LogPart(.tcp), LogPart(.http)]) }
            #expect(blocks[0].bytes == Array((tcp.joined() + "tcp without end\n").utf8))
            #expect(blocks[1].bytes == Array(http.joined().utf8))
            #expect(blocks.map(\.lineCount) == [60_001, 60_000])
        }
    }

    @Test("a log cannot be read after a restart of its program")
    func logOfEarlierProgram() async throws {
        try await ProgramUnderTest.run(ProgramUnderTest.example) { program in
            let log = try await program.driver.openLog()
            kill(try #require(program.driver.processID), SIGKILL)
            try await eventually("the program has ended") { program.driver.processID == nil }
            let error = try await blocking {
                do throws(DriverError) {
                    var blocks = [LogBlock()]
                    _ = try log.makeReader(of: [LogPart(.http)]).next(into: &blocks)
                    return nil as DriverError?
                } catch { return error }
            }
            #expect(error?.code == .logUnavailable && error?.message.hasSuffix("send the ARCHIVE again") == true)
        }
    }
}
