// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// A pipe between this process, whose end never blocks, and a child, whose end does.
final class StreamPipe {
    enum Direction { case toChild, fromChild }

    /// This process's end; negative once closed.
    private(set) var own: Int32
    /// The child's end; negative once closed.
    private var childEnd: Int32

    init(_ direction: Direction) throws(Errno) {
        var ends: [Int32] = [-1, -1]
        guard unsafe steelyard_pipe(&ends, 0) == 0 else { throw Errno(rawValue: errno) }
        let (reading, writing) = (ChildProcess.aboveStandard(ends[0]), ChildProcess.aboveStandard(ends[1]))
        (own, childEnd) = direction == .toChild ? (writing, reading) : (reading, writing)
        guard own >= 0, childEnd >= 0, fcntl(own, F_SETFL, O_NONBLOCK) == 0 else {
            let reason = errno
            closeOwn()
            closeChildEnd()
            throw Errno(rawValue: reason)
        }
    }

    deinit {
        closeOwn()
        closeChildEnd()
    }

    /// The descriptor to pass to the child.
    var forChild: FileDescriptor { FileDescriptor(rawValue: childEnd) }

    /// Closes this process's copy of the child's end.
    func closeChildEnd() {
        if childEnd >= 0 { close(childEnd) }
        childEnd = -1
    }

    func closeOwn() {
        if own >= 0 { close(own) }
        own = -1
    }
}
