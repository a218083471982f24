// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import SystemPackage

extension ChildProcess {
    /// A program's output on both streams, and its status.
    package struct Result: Sendable {
        package let status: Status
        package let output: [UInt8]
    }

    /// Runs a program to its end on a dedicated thread; cancelling the task kills it.
    ///
    /// - Parameters:
    ///   - command: The program to run.
    ///   - timeout: The longest run time. Time in which this process itself is not scheduled counts only in part.
    ///   - outputLimit: The most bytes that the program may print.
    /// - Throws: `ChildProcessError`; the program has then ended.
    package static func run(
        _ command: Command,
        within timeout: Duration,
        outputLimit: Int = 16 << 20
    ) async throws(ChildProcessError) -> Result {
        let cancellation = Cancellation()
        let result: Swift.Result<Result, ChildProcessError> = await withTaskCancellationHandler {
            do throws(ThreadError) {
                return try await DedicatedThread.run(name: "child") {
                    do throws(ChildProcessError) {
                        return .success(try run(command, within: timeout, outputLimit, cancellation))
                    } catch { return .failure(error) }
                }
            } catch {
                return .failure(ChildProcessError(.memoryExhausted, command.program.string, "cannot be run: \(error)"))
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }

    private static func run(
        _ command: Command,
        within timeout: Duration,
        _ outputLimit: Int,
        _ cancellation: Cancellation
    ) throws(ChildProcessError) -> Result {
        let name = command.program.string
        let pipe: OutputPipe
        do throws(Errno) { pipe = try OutputPipe() } catch {
            throw ChildProcessError(name, errno: error.rawValue)
        }
        let child = try ChildProcess(command, output: pipe.writing, error: pipe.writing)
        pipe.closeWriting()
        cancellation.set(child)
        var left = timeout
        // A pause of the whole machine, or of this process, counts only in part against the time-out.
        let step = timeout / 20
        while left > .zero {
            let began = ContinuousClock.now
            let hasEnded = pipe.wait(for: child.handle, within: min(left, step))
            guard pipe.read(limit: outputLimit) else {
                child.end()
                throw ChildProcessError(.outputTooLong, name, "printed more than \(outputLimit) bytes")
            }
            // A grandchild may still hold the pipe open.
            if hasEnded, let status = child.waitForEnd(by: .after(.zero)) {
                if cancellation.isCancelled { throw ChildProcessError(.cancelled, name, "was cancelled") }
                return Result(status: status, output: pipe.bytes)
            }
            left -= min(ContinuousClock.now - began, step)
        }
        child.end()
        throw ChildProcessError(.timedOut, name, "did not end within \(timeout.components.seconds) s")
    }

    /// Kills the program and waits for its end.
    private func end() {
        kill()
        _ = waitForEnd(by: .after(.seconds(5)))
    }
}

/// Kills a child when its task is cancelled.
private final class Cancellation: Sendable {
    private let state = Mutex<(child: ChildProcess?, isCancelled: Bool)>((nil, false))

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func set(_ child: ChildProcess) {
        let isCancelled = state.withLock { state in
            state.child = child
            return state.isCancelled
        }
        if isCancelled { child.kill() }
    }

    func cancel() {
        let child = state.withLock { state in
            state.isCancelled = true
            return state.child
        }
        child?.kill()
    }
}
