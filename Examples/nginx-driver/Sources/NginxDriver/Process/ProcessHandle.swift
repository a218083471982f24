// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CProcesses
@preconcurrency import Dispatch
import Glibc
import SteelyardCore

/// A process that need not be a child; once it has ended, the handle never refers to another process.
final class ProcessHandle: Sendable {
    private let descriptor: Int32

    /// - Returns: nil if the process has ended.
    init?(of process: pid_t) {
        descriptor = pidfd_open(process, 0)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    func send(_ signal: Int32) { _ = pidfd_send_signal(descriptor, signal, nil, 0) }

    /// Waits for the process to end, blocking the thread.
    ///
    /// - Returns: Whether the process ended before the deadline.
    func wait(until deadline: ContinuousClock.Instant) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let result = poll(&entry, 1, deadline.millisecondsLeft)
            guard result < 0, errno == EINTR else { return result > 0 }
        }
    }

    /// Calls a function once when the process ends, unless the result is cancelled before.
    func notifyOfEnd(_ body: @escaping @Sendable () -> Void) -> Notification {
        Notification(self, body)
    }

    /// A pending call.
    final class Notification {
        private let source: any DispatchSourceRead

        fileprivate init(_ process: ProcessHandle, _ body: @escaping @Sendable () -> Void) {
            source = DispatchSource.makeReadSource(fileDescriptor: process.descriptor, queue: .global())
            let source = source
            source.setEventHandler {
                source.cancel()
                body()
            }
            // The source needs the descriptor until it is cancelled.
            source.setCancelHandler { withExtendedLifetime(process) {} }
            source.activate()
        }

        func cancel() { source.cancel() }
    }
}

extension ContinuousClock.Instant {
    /// The time until this instant for `poll`: rounded up, and never negative.
    var millisecondsLeft: Int32 {
        let left = ContinuousClock.now.duration(to: self)
        let (seconds, attoseconds) = left.components
        guard seconds >= 0, attoseconds > 0 || seconds > 0 else { return 0 }
        return Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }
}
