// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Signals that threads of the process receive, from the creation of this object on, without ending the process.
///
/// A program creates this first, before any slow initialization.
package final class CaughtSignals: Sendable {
    private let reading: Int32

    /// Catches signals.
    ///
    /// - Throws: `SystemFailure` if no descriptor is available.
    package init(_ signals: [Int32]) throws(SystemFailure) {
        var ends: [Int32] = [-1, -1]
        guard unsafe steelyard_pipe(&ends, 1) == 0 else {
            throw SystemFailure("cannot catch signals", errno: errno)
        }
        reading = ends[0]
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals {
            guard steelyard_catch_signal(signal, ends[1]) == 0 else { continue }
            unsafe sigaddset(&set, signal)
        }
        // The parent process may have blocked them.
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Waits for the next signal.
    ///
    /// - Returns: nil if the deadline has passed.
    package func next(by deadline: Deadline?) -> Int32? {
        while true {
            var byte: UInt8 = 0
            if unsafe read(reading, &byte, 1) == 1 { return Int32(byte) }
            var waited = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&waited, 1, deadline?.milliseconds ?? -1) == 0 { return nil }
        }
    }
}
