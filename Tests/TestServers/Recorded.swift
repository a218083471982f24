// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The values that threads of a test's servers have recorded, in order.
package final class Recorded<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    package init() {}

    /// All values so far.
    package var all: [Value] { values.withLock { $0 } }

    package func append(_ value: Value) { values.withLock { $0.append(value) } }
}
