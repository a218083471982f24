// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// Collects the output of a child process.
final class OutputPipe {
    /// The child's end.
    let writing: FileDescriptor
    private let reading: FileDescriptor
    private var isWritingOpen = true
    private var isAtEnd = false
    private(set) var bytes: [UInt8] = []

    init() throws(Errno) {
        var ends: [Int32] = [-1, -1]
        guard unsafe steelyard_pipe(&ends, 0) == 0 else { throw Errno(rawValue: errno) }
        let (first, second) = (ChildProcess.aboveStandard(ends[0]), ChildProcess.aboveStandard(ends[1]))
        guard first >= 0, second >= 0 else {
            let reason = errno
            for descriptor in [first, second] where descriptor >= 0 { close(descriptor) }
            throw Errno(rawValue: reason)
        }
        reading = FileDescriptor(rawValue: first)
        writing = FileDescriptor(rawValue: second)
    }

    deinit {
        closeWriting()
        try? reading.close()
    }

    /// Closes this process's copy of the writing end.
    func closeWriting() {
        if isWritingOpen { try? writing.close() }
        isWritingOpen = false
    }

    /// Waits for output or for the end of a process.
    ///
    /// - Returns: Whether the process has ended.
    func wait(for process: ProcessHandle, within time: Duration) -> Bool {
        let deadline = Deadline.after(time)
        var waited = [
            pollfd(fd: process.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isAtEnd ? -1 : reading.rawValue, events: Int16(POLLIN), revents: 0),
        ]
        while unsafe poll(&waited, 2, deadline.milliseconds) < 0, errno == EINTR {}
        return waited[0].revents != 0
    }

    /// Reads the available output.
    ///
    /// - Returns: false if the output exceeds the limit.
    func read(limit: Int) -> Bool {
        var block = [UInt8](repeating: 0, count: 16_384)
        while !isAtEnd {
            var waited = pollfd(fd: reading.rawValue, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&waited, 1, 0) > 0 else { return true }
            let count = unsafe Glibc.read(reading.rawValue, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                isAtEnd = true
                return true
            }
            bytes += block[..<count]
            if bytes.count > limit { return false }
        }
        return true
    }
}
