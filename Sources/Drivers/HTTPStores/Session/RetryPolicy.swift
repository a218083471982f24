// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The number of attempts and the waits between them.
package struct RetryPolicy: Hashable, Sendable {
    /// The number of attempts, including the first; default: 6.
    package var attempts = 6
    /// The wait before the second attempt, doubled for each later one; default: 0.5 s.
    package var firstWait: Duration = .milliseconds(500)
    /// The longest wait; default: 15 s.
    package var longestWait: Duration = .seconds(15)
    /// The longest `Retry-After` that is honored; default: 5 min.
    package var longestAskedWait: Duration = .seconds(300)

    /// Creates a policy with the defaults.
    package init() {}

    /// Returns the wait after a failed attempt: a random part between half and all of it, so that many devices that
    /// failed together do not retry together.
    ///
    /// - Parameters:
    ///   - attempt: The number of the failed attempt, from 1.
    ///   - seconds: The store's `Retry-After`, a lower limit.
    package func wait(after attempt: Int, asked seconds: Int? = nil) -> Duration {
        let doubled = firstWait * (1 << min(max(attempt - 1, 0), 20))
        let wait = min(doubled, longestWait) * Double.random(in: 0.5...1)
        guard let seconds else { return wait }
        return max(wait, min(.seconds(seconds), longestAskedWait))
    }
}
