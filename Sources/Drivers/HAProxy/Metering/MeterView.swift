// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// The meter's last results, readable at any time: the meter itself may be waiting for a worker.
final class MeterView: Sendable {
    private struct State {
        var bytesOut: UsageLedger.Bytes = [:]
        var oldSince: [UsageLedger.Worker: ContinuousClock.Instant] = [:]
    }

    private let state = Mutex(State())

    /// The bytes sent to clients that this agent has read.
    var bytesOut: UsageLedger.Bytes { state.withLock { $0.bytesOut } }

    /// The workers that accept no new connections, the oldest first.
    var oldProcesses: [ProxyStatus.OldProcess] {
        let (old, now) = (state.withLock { $0.oldSince }, ContinuousClock.now)
        return old.sorted { $0.value < $1.value }.map { worker, since in
            ProxyStatus.OldProcess(processID: worker.processID, seconds: Int((now - since).components.seconds))
        }
    }

    /// Adds bytes that a worker has sent.
    func add(_ bytes: UsageLedger.Bytes) { state.withLock { $0.bytesOut.merge(bytes) { $0 &+ $1 } } }

    func show(old: [UsageLedger.Worker: ContinuousClock.Instant]) { state.withLock { $0.oldSince = old } }
}
