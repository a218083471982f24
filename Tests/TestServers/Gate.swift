// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Blocks threads until a test opens the gate.
package final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    package init() {}

    /// Releases all waiting and later threads.
    package func open() { semaphore.signal() }

    /// Waits until the gate is open.
    package func wait() {
        semaphore.wait()
        semaphore.signal()
    }
}
