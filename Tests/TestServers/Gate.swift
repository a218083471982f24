// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Has threads wait until a test lets all of them go on.
package final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    package init() {}

    /// Lets every thread through that waits or comes later.
    package func open() { semaphore.signal() }

    /// Waits until the gate is open.
    package func wait() {
        semaphore.wait()
        semaphore.signal()
    }
}
