// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The number of lines of an object, known once one of its bodies has been read to the end.
///
/// All bodies of an object have the same lines, so it does not matter which attempt the store keeps.
final class LineCount: Sendable {
    private let count = Mutex<UInt64?>(nil)

    var value: UInt64? { count.withLock { $0 } }

    func set(_ value: UInt64) { count.withLock { $0 = value } }
}
