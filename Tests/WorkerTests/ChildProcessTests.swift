// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardSystem
import SystemPackage
import TestServers
import Testing

private typealias Program = SteelyardSystem.ChildProcess

/// Child processes of the agent.
@Suite struct ChildProcessTests {
    @Test func collectsBothOutputsAndTheStatus() async throws {
        let result = try await run("echo out; echo error >&2; exit 3")
        #expect(result.status == .exited(3))
        #expect(String(decoding: result.output, as: UTF8.self) == "out\nerror\n")
        #expect(try await run("kill -9 $$").status == .signaled(9))
    }

    /// The program inherits nothing of this process: no variable, no descriptor, no blocked or ignored signal.
    @Test func inheritsNothing() async throws {
        setenv("STEELYARD_TEST_SECRET", "hidden", 1)
        signal(SIGPIPE, SIG_IGN)
        // Without O_CLOEXEC.
        let open = Glibc.open("/dev/null", O_RDONLY)
        defer { close(open) }
        let result = try await run("env; ls /proc/self/fd; grep -E '^Sig(Blk|Ign)' /proc/self/status")
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(!lines.contains { $0.contains("STEELYARD") })
        // The fourth one is the folder that ls reads.
        #expect(lines.filter { Int($0) != nil } == ["0", "1", "2", "3"])
        for name in ["SigBlk:", "SigIgn:"] {
            let line = try #require(lines.first { $0.hasPrefix(name) })
            let mask = try #require(UInt64(line.split(separator: "\t")[1], radix: 16))
            // The C library uses signals 32 and 33.
            #expect(mask & 0x7FFF_FFFF == 0, "\(line)")
        }
    }

    @Test func hasTheInheritedLimitOnDescriptors() async throws {
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 200, rlim_max: 300)
            guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { exit(2) }
            DescriptorLimit.raise()
            guard DescriptorLimit.current == 300 else { exit(3) }
            let command = Program.Command("/bin/sh", ["-c", "ulimit -Sn; ulimit -Hn"])
            let result = try await Program.run(command, within: .seconds(30))
            guard String(decoding: result.output, as: UTF8.self) == "200\n300\n" else { exit(4) }
        }
    }

    /// If descriptors run out, the error names the reason.
    @Test func namesTheLackOfDescriptors() async throws {
        await #expect(processExitsWith: .success) {
            var taken: [Int32] = []
            var limit = rlimit(rlim_cur: 64, rlim_max: 64)
            guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { exit(2) }
            while case let descriptor = open("/dev/null", O_RDONLY), descriptor >= 0 { taken.append(descriptor) }
            // With zero, one, two … free descriptors, until the program runs.
            while true {
                do throws(ChildProcessError) {
                    let result = try await Program.run(
                        Program.Command("/bin/true", []),
                        within: .seconds(30)
                    )
                    guard result.status.isSuccess else { exit(3) }
                    exit(0)
                } catch {
                    guard error.code == .descriptorsExhausted, error.description.contains("EMFILE") else { exit(4) }
                    guard let last = taken.popLast() else { exit(5) }
                    close(last)
                }
            }
        }
    }

    @Test func endsWhatTakesTooLong() async throws {
        let began = ContinuousClock.now
        let error = await #expect(throws: ChildProcessError.self) {
            // The background process keeps the output open.
            try await run("sleep 60 & echo $$; sleep 60", within: .milliseconds(300))
        }
        #expect(error?.code == .timedOut)
        #expect(ContinuousClock.now - began < .seconds(30))
    }

    @Test func endsWhatPrintsTooMuch() async throws {
        let error = await #expect(throws: ChildProcessError.self) {
            try await Program.run(
                Program.Command("/bin/sh", ["-c", "yes"]),
                within: .seconds(30),
                outputLimit: 1000
            )
        }
        #expect(error?.code == .outputTooLong)
    }

    /// A background process of the program may keep the output open.
    @Test func doesNotWaitForOthersThatHaveTheOutput() async throws {
        let began = ContinuousClock.now
        let result = try await run("sleep 50 & echo done")
        #expect(String(decoding: result.output, as: UTF8.self) == "done\n")
        #expect(ContinuousClock.now - began < .seconds(30))
    }

    @Test func cancellationEndsTheProgram() async throws {
        let task = Task { try await run("exec sleep 60", within: .seconds(60)) }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        let error = await #expect(throws: ChildProcessError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func namesWhatIsMissing() async throws {
        var error = await #expect(throws: ChildProcessError.self) {
            try await Program.run(Program.Command("/nonexistent/program", []), within: .seconds(5))
        }
        #expect(error?.code == .programNotFound)
        error = await #expect(throws: ChildProcessError.self) {
            try await Program.run(Program.Command("no-such-program", []), within: .seconds(5))
        }
        #expect(error?.code == .programNotFound)
        error = await #expect(throws: ChildProcessError.self) {
            try await Program.run(Program.Command("/etc/passwd", []), within: .seconds(5))
        }
        #expect(error?.code == .notExecutable)
        #expect(error?.description.contains("/etc/passwd") == true)
    }

    /// A child is reaped when it ends, even after its object is released.
    @Test func leavesNoZombie() async throws {
        var processID: Int32 = 0
        do {
            let child = try Program(Program.Command("/bin/sleep", ["0.2"]))
            processID = child.handle.processID
        }
        try await eventually("the child is reaped") { kill(processID, 0) != 0 }
    }

    private func run(
        _ script: String,
        within time: Duration = .seconds(30)
    ) async throws(ChildProcessError)
        -> Program.Result
    {
        try await Program.run(Program.Command("/bin/sh", ["-c", script]), within: time)
    }
}
