// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// The job of a message that came by the control socket.
final class ControlJob: JobContext {
    let handle = "local"
    private let cancelled = Atomic(false)

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    func report(progress: UInt64, of total: UInt64) {}

    func cancel() { cancelled.store(true, ordering: .relaxed) }
}
