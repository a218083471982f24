// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// The time that there is for a request.
package struct StoreTime {
    private let end: ContinuousClock.Instant
    private let total: Duration
    private let failures: any StoreFailureTexts
    /// What ends the upload early.
    package let cancellation: UploadCancellation

    /// Creates a time.
    ///
    /// - Parameters:
    ///   - total: The time for the whole upload, which an error names.
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

    /// What is left of it; zero or less once it is over.
    package var left: Duration { end - .now }

    /// - Parameter last: Why the last attempt was in vain.
    /// - Throws: `ObjectStoreError` with the code `cancelled` once the task was cancelled, `timedOut` once the time is over.
    package func check(last: ObjectStoreError? = nil) throws(ObjectStoreError) {
        try cancellation.check()
        guard left > .zero else { throw failures.outOfTime(total, last: last) }
    }
}
