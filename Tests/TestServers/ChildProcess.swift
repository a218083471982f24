// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// A program started by a test; its output goes to files in the test's folder.
package final class ChildProcess: Sendable {
    private let pid: pid_t
    private let exit: Task<Int32, any Error>
    private let outputFile: URL
    private let errorFile: URL
    /// Has a value once the process has ended; its number may be reused then.
    private let ends: Recorded<Bool>

    private init(
        pid: pid_t,
        exit: Task<Int32, any Error>,
        ends: Recorded<Bool>,
        outputFile: URL,
        errorFile: URL
    ) {
        self.pid = pid
        self.exit = exit
        self.ends = ends
        self.outputFile = outputFile
        self.errorFile = errorFile
    }

    /// Starts a program; ``stop()`` must follow.
    ///
    /// - Parameters:
    ///   - name: The name of its output files.
    ///   - isApart: Whether it has its own process group, so that Ctrl-C does not reach it.
    package static func start(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        in folder: URL,
        name: String,
        isApart: Bool = false
    ) async throws -> ChildProcess {
        var options = PlatformOptions()
        if isApart { options.processGroupID = 0 }
        let platformOptions = options
        let (output, error) = (folder.appending(path: name + ".out"), folder.appending(path: name + ".err"))
        let started = AsyncStream<pid_t>.makeStream()
        let outputDescriptor = try append(to: output)
        let errorDescriptor = try append(to: error)
        let ends = Recorded<Bool>()
        let exit = Task {
            defer {
                ends.append(true)
                started.continuation.finish()
            }
            let variables = environment.map { (Environment.Key(stringLiteral: $0.key), Optional($0.value)) }
            let result = try await Subprocess.run(
                .path(FilePath(program)),
                arguments: Arguments(arguments),
                environment: .inherit.updating(Dictionary(uniqueKeysWithValues: variables)),
                workingDirectory: FilePath(folder.path),
                platformOptions: platformOptions,
                input: .none,
                output: .fileDescriptor(outputDescriptor, closeAfterSpawningProcess: true),
                error: .fileDescriptor(errorDescriptor, closeAfterSpawningProcess: true)
            ) { execution in
                started.continuation.yield(execution.processIdentifier.value)
            }
            switch result.terminationStatus {
            case .exited(let code): return Int32(code)
            case .signaled(let signal): return 128 + Int32(signal)
            }
        }
        var pids = started.stream.makeAsyncIterator()
        guard let pid = await pids.next() else {
            _ = try await exit.value
            throw ServerFailure("\(program) did not start")
        }
        return ChildProcess(pid: pid, exit: exit, ends: ends, outputFile: output, errorFile: error)
    }

    /// The process ID.
    package var processIdentifier: Int32 { pid }

    /// The standard output so far.
    package var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }

    /// The standard error output so far.
    package var errorOutput: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// Sends a signal, unless it has ended.
    package func send(signal: Int32) {
        if ends.all.isEmpty { kill(pid, signal) }
    }

    /// Whether it is still running.
    package var isRunning: Bool { ends.all.isEmpty && kill(pid, 0) == 0 }

    /// The peak resident memory, in bytes.
    package func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw ServerFailure("no VmHWM of process \(pid)")
        }
        return kilobytes << 10
    }

    /// Waits for the process to end.
    ///
    /// - Returns: Its exit code, or 128 and the signal's number.
    package func wait(within seconds: Double = 30) async throws -> Int32 {
        try await withThrowingTaskGroup(of: Int32.self) { group in
            group.addTask { try await self.exit.value }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                kill(self.pid, SIGKILL)
                throw ServerFailure("the process did not end within \(seconds) s: \(self.errorOutput)")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? -1
        }
    }

    /// Waits for the process to end, without a limit.
    ///
    /// - Returns: Its exit code, or 128 and the signal's number.
    package func end() async throws -> Int32 { try await exit.value }

    /// Ends the process, with SIGKILL if it does not end on SIGTERM, and returns once it has ended.
    package func stop() async {
        send(signal: SIGCONT)
        send(signal: SIGTERM)
        _ = try? await wait(within: 30)
        _ = try? await exit.value
    }

    private typealias Environment = Subprocess.Environment

    private static func append(to file: URL) throws -> FileDescriptor {
        try FileDescriptor.open(
            FilePath(file.path),
            .writeOnly,
            options: [.create, .append, .closeOnExec],
            permissions: .ownerReadWrite
        )
    }
}
