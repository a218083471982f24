// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
package import SteelyardCore
import Synchronization

/// Passes the cancellation of a task to the thread that the upload blocks, and ends its pause or request.
package final class UploadCancellation: Sendable {
    private struct State {
        var isCancelled = false
        var pausing: DispatchSemaphore?
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// Cancels the upload, and ends its current pause or request.
    package func cancel() {
        let pausing = state.withLock { state in
            state.isCancelled = true
            // Under the lock, so that the object to wake outlives the call.
            state.wake?()
            return state.pausing
        }
        pausing?.signal()
    }

    /// - Throws: `ObjectStoreError` with the code `cancelled` if the task was cancelled.
    package func check() throws(ObjectStoreError) {
        guard !state.withLock({ $0.isCancelled }) else { throw Self.cancelled }
    }

    /// Runs a closure whose wait a cancellation ends.
    ///
    /// - Parameters:
    ///   - wake: Called by a cancellation, on its thread, while the body runs; must not block.
    ///   - body: Checks for a cancellation before it waits.
    package func withWaking<Result>(_ wake: @escaping @Sendable () -> Void, _ body: () -> Result) -> Result {
        state.withLock { $0.wake = wake }
        defer { state.withLock { $0.wake = nil } }
        return body()
    }

    /// Blocks for a duration, or until the task is cancelled.
    ///
    /// - Throws: `ObjectStoreError` with the code `cancelled`.
    package func pause(_ time: Duration) throws(ObjectStoreError) {
        let semaphore = DispatchSemaphore(value: 0)
        let isCancelled = state.withLock { state in
            state.pausing = semaphore
            return state.isCancelled
        }
        guard !isCancelled else { throw Self.cancelled }
        // On Linux, the time-out of a semaphore is a time of day.
        let alarm = DispatchWorkItem { semaphore.signal() }
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(time.milliseconds), execute: alarm)
        semaphore.wait()
        alarm.cancel()
        state.withLock { $0.pausing = nil }
        try check()
    }

    private static var cancelled: ObjectStoreError {
        ObjectStoreError(.cancelled, "the agent is stopping; send the ARCHIVE again")
    }
}
