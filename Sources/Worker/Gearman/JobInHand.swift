// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// A job being processed: its context for the action, and the unsent progress.
final class JobInHand: JobContext {
    private struct Progress {
        var isNew = false
        var done: UInt64 = 0
        var total: UInt64 = 0
        var lastSent: ContinuousClock.Instant?
    }

    /// At most ten progress reports per second are sent.
    private static let interval = Duration.milliseconds(100)

    /// The job's handle as visible ASCII, for the log.
    let handle: String
    let server: String?
    private let wake: @Sendable () -> Void
    private let progress = Mutex(Progress())
    private let cancelled = Atomic(false)

    /// - Parameters:
    ///   - handle: The job's handle, as sent by its server.
    ///   - server: The job server, `HOST:PORT`.
    ///   - wake: Called when there is progress to send.
    init(handle: [UInt8], server: String? = nil, wake: @escaping @Sendable () -> Void) {
        self.server = server
        self.handle = ServerPacket.Arguments.printable(handle[...])
        self.wake = wake
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Cancels long work.
    func cancel() { cancelled.store(true, ordering: .relaxed) }

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
        if isDue { wake() }
    }

    /// Returns the unsent progress, scaled to the 32 bits that Gearman's clients read.
    func takeProgress() -> JobProgress? {
        progress.withLock { progress in
            guard progress.isNew else { return nil }
            progress.isNew = false
            let shift = max(0, 32 - progress.total.leadingZeroBitCount)
            return JobProgress(numerator: progress.done >> shift, denominator: progress.total >> shift)
        }
    }
}
