// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
package import SteelyardCore
import Synchronization

/// Carries the cancellation of a task to the thread that the upload blocks, and wakes it from a pause or a request.
package final class UploadCancellation: Sendable {
    private struct State {
        var isCancelled = false
        var pausing: DispatchSemaphore?
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// Ends the upload, and the pause or the request that it waits for.
    package func cancel() {
        let pausing = state.withLock { state in
            state.isCancelled = true
            // Under the lock: what it wakes does not end before it returns.
            state.wake?()
            return state.pausing
        }
        pausing?.signal()
    }

    /// - Throws: `ObjectStoreError` with the code `cancelled` once the task was cancelled.
    package func check() throws(ObjectStoreError) {
        guard !state.withLock({ $0.isCancelled }) else { throw Self.cancelled }
    }

    /// Does something that a cancellation wakes.
    ///
    /// - Parameters:
    ///   - wake: Called by a cancellation, on its thread, while the body runs; it must not block.
    ///   - body: Checks for a cancellation before it waits.
    package func withWaking<Result>(_ wake: @escaping @Sendable () -> Void, _ body: () -> Result) -> Result {
        state.withLock { $0.wake = wake }
        defer { state.withLock { $0.wake = nil } }
        return body()
    }

    /// Blocks for a time, or until the task is cancelled.
    ///
    /// - Throws: `ObjectStoreError` with the code `cancelled`.
    package func pause(_ time: Duration) throws(ObjectStoreError) {
        let semaphore = DispatchSemaphore(value: 0)
        let isCancelled = state.withLock { state in
            state.pausing = semaphore
            return state.isCancelled
        }
        guard !isCancelled else { throw Self.cancelled }
        // A semaphore's own time-out is a time of day on Linux.
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
