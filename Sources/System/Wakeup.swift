// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// Ends the wait of a thread from any other thread.
package final class Wakeup: Sendable {
    /// Readable after ``wake()``.
    let descriptor: Int32

    /// Creates a wakeup.
    ///
    /// - Throws: `Errno` if no descriptor is available.
    package init() throws(Errno) {
        descriptor = steelyard_eventfd()
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    }

    deinit { close(descriptor) }

    /// Ends the current wait, or the next one.
    package func wake() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    func clear() {
        var value: UInt64 = 0
        _ = unsafe read(descriptor, &value, MemoryLayout<UInt64>.size)
    }
}
