// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the threads of a test's servers have seen, in order.
package final class Recorded<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    package init() {}

    /// All values until now.
    package var all: [Value] { values.withLock { $0 } }

    package func append(_ value: Value) { values.withLock { $0.append(value) } }
}
