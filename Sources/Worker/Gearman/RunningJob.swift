// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import Synchronization

/// A job in hand: what its action may use of it, and where its outcome is left for the connection's thread.
final class RunningJob: JobContext {
    private struct Progress {
        var isNew = false
        var done: UInt64 = 0
        var total: UInt64 = 0
        var lastSent: ContinuousClock.Instant?
    }

    /// No more than ten reports a second leave the agent.
    private static let interval = Duration.milliseconds(100)

    let handle: String
    private let executor: DrainedExecutor
    private let cancelled: @Sendable () -> Bool
    private let progress = Mutex(Progress())
    private let outcome = Mutex<Outcome?>(nil)

    init(handle: String, executor: DrainedExecutor, isCancelled: @escaping @Sendable () -> Bool) {
        self.handle = handle
        self.executor = executor
        cancelled = isCancelled
    }

    var isCancelled: Bool { cancelled() }

    func report(progress done: UInt64, of total: UInt64) {
        let isDue = progress.withLock { progress in
            progress.done = done
            progress.total = total
            let now = ContinuousClock.now
            if let last = progress.lastSent, now - last < Self.interval, done < total { return false }
            progress.lastSent = now
            progress.isNew = true
            return true
        }
        // Only the connection's own thread may send it.
        if isDue { executor.wake() }
    }

    /// The progress that has not been sent, scaled to Gearman's 32 bits.
    func takeProgress() -> (numerator: UInt32, denominator: UInt32)? {
        progress.withLock { progress in
            guard progress.isNew else { return nil }
            progress.isNew = false
            let shift = max(0, 32 - progress.total.leadingZeroBitCount)
            return (
                UInt32(truncatingIfNeeded: progress.done >> shift), UInt32(truncatingIfNeeded: progress.total >> shift)
            )
        }
    }

    /// Leaves the outcome.
    ///
    /// Called by a job of the executor, whose thread looks for it right after.
    func finish(_ outcome: Outcome) { self.outcome.withLock { $0 = outcome } }

    var isFinished: Bool { outcome.withLock { $0 != nil } }

    func takeOutcome() -> Outcome? { outcome.withLock { $0.take() } }
}
