// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// A child process and its three standard streams, for one thread that waits for all of them without blocking on one.
///
/// The thread must block SIGPIPE, as each ``DedicatedThread`` does.
package final class ChildConversation {
    /// An output stream of the child.
    package enum Stream { case output, error }

    /// The result of a wait; no event if the deadline has passed.
    package struct Events {
        /// The child has ended.
        package let hasEnded: Bool
        /// Standard output is readable, or at its end.
        package let canReadOutput: Bool
        /// Standard error is readable, or at its end.
        package let canReadError: Bool
        /// Standard input is writable, or was closed by the child.
        package let canWrite: Bool
    }

    /// The result of a read.
    package enum Reading {
        case bytes(ArraySlice<UInt8>)
        case nothingYet
        case end
    }

    /// The child.
    package let child: ChildProcess
    private let input: StreamPipe
    private let output: StreamPipe
    private let error: StreamPipe
    private let wakeup: Wakeup
    private var block = [UInt8](repeating: 0, count: 65_536)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: The program to run.
    ///   - wakeup: Ends a wait early.
    /// - Throws: `ChildProcessError`.
    package init(_ command: ChildProcess.Command, wakeup: Wakeup) throws(ChildProcessError) {
        do throws(Errno) {
            input = try StreamPipe(.toChild)
            output = try StreamPipe(.fromChild)
            error = try StreamPipe(.fromChild)
        } catch { throw ChildProcessError(command.program.string, errno: error.rawValue) }
        child = try ChildProcess(command, input: input.forChild, output: output.forChild, error: error.forChild)
        for pipe in [input, output, error] { pipe.closeChildEnd() }
        self.wakeup = wakeup
    }

    /// Waits for an event or the deadline.
    ///
    /// - Parameters:
    ///   - writes: Whether to wait until standard input is writable.
    ///   - readsError: Whether to wait for standard error.
    ///   - deadline: nil for no limit.
    package func wait(writes: Bool, readsError: Bool, until deadline: ContinuousClock.Instant?) -> Events {
        let reading = Int16(POLLIN)
        var entries = [
            pollfd(fd: wakeup.descriptor, events: reading, revents: 0),
            pollfd(fd: child.handle.descriptor, events: reading, revents: 0),
            pollfd(fd: output.own, events: reading, revents: 0),
            pollfd(fd: readsError ? error.own : -1, events: reading, revents: 0),
            pollfd(fd: writes ? input.own : -1, events: Int16(POLLOUT), revents: 0),
        ]
        let timeout = deadline.map { EventLoop.milliseconds(until: $0) } ?? -1
        let count = unsafe poll(&entries, nfds_t(entries.count), timeout)
        if count > 0, entries[0].revents != 0 { wakeup.clear() }
        func isReady(_ index: Int) -> Bool { count > 0 && entries[index].revents != 0 }
        return Events(
            hasEnded: isReady(1),
            canReadOutput: isReady(2),
            canReadError: isReady(3),
            canWrite: isReady(4)
        )
    }

    /// Reads at most 64 KiB; after its end, a stream is no longer polled.
    package func read(_ stream: Stream) -> Reading {
        let pipe = stream == .output ? output : error
        guard pipe.own >= 0 else { return .end }
        let count = unsafe Glibc.read(pipe.own, &block, block.count)
        if count > 0 { return .bytes(block[..<count]) }
        if count < 0, errno == EAGAIN || errno == EINTR { return .nothingYet }
        pipe.closeOwn()
        return .end
    }

    /// Writes as many bytes as fit into the pipe.
    ///
    /// - Returns: The number of bytes written; nil if the child has closed the pipe.
    package func write(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard input.own >= 0 else { return nil }
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(input.own, $0.baseAddress, $0.count) }
        if count >= 0 { return count }
        return errno == EAGAIN || errno == EINTR ? 0 : nil
    }

    /// Closes the child's standard input, which asks it to end.
    package func closeInput() { input.closeOwn() }
}
