// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The lines of an object's content, known once a body of it has come to its end.
///
/// All bodies of one object have the same lines, so that it does not matter which attempt the store has kept.
final class LineCount: Sendable {
    private let count = Mutex<UInt64?>(nil)

    var value: UInt64? { count.withLock { $0 } }

    func set(_ value: UInt64) { count.withLock { $0 = value } }
}
