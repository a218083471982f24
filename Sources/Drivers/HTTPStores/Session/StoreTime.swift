// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// The time left for a request.
package struct StoreTime {
    private let end: ContinuousClock.Instant
    private let total: Duration
    private let failures: any StoreFailureTexts
    /// Ends the upload early.
    package let cancellation: UploadCancellation

    /// Creates a time.
    ///
    /// - Parameters:
    ///   - total: The time-out for the whole upload, for error messages.
    package init(
        until end: ContinuousClock.Instant,
        of total: Duration,
        failures: any StoreFailureTexts,
        cancellation: UploadCancellation
    ) {
        self.end = end
        self.total = total
        self.failures = failures
        self.cancellation = cancellation
    }

    /// The remaining time; zero or less after the time-out.
    package var left: Duration { end - .now }

    /// - Parameter last: The error of the last attempt.
    /// - Throws: `ObjectStoreError` with the code `cancelled` after a cancellation, `timedOut` after the time-out.
    package func check(last: ObjectStoreError? = nil) throws(ObjectStoreError) {
        try cancellation.check()
        guard left > .zero else { throw failures.outOfTime(total, last: last) }
    }
}
