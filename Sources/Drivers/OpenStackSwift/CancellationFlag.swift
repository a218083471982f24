// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Says, to a thread that may not know of tasks, that its task was cancelled.
final class CancellationFlag: Sendable {
    private let isSet = Atomic(false)

    func set() { isSet.store(true, ordering: .releasing) }

    func check() throws(ObjectStoreError) {
        guard !isSet.load(ordering: .acquiring) else {
            throw ObjectStoreError(.cancelled, "the agent is stopping; send the ARCHIVE again")
        }
    }
}
