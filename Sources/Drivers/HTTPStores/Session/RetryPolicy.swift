// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How often, and after how long a wait, something is tried again.
package struct RetryPolicy: Hashable, Sendable {
    /// How often something is tried in all, at least once; 6 times unless set.
    package var attempts = 6
    /// The wait before the second attempt; it doubles from one to the next; 0.5 s unless set.
    package var firstWait: Duration = .milliseconds(500)
    /// The longest wait; 15 s unless set.
    package var longestWait: Duration = .seconds(15)
    /// The longest wait that a store may ask for with `Retry-After`; 5 min unless set.
    package var longestAskedWait: Duration = .seconds(300)

    /// Creates a policy of defaults.
    package init() {}

    /// The wait after an attempt that failed: a random part between a half and the whole, so that many devices that
    /// failed together do not come back together.
    ///
    /// - Parameters:
    ///   - attempt: Which attempt has failed, from 1.
    ///   - seconds: What the store has asked for, which is waited for at least.
    package func wait(after attempt: Int, asked seconds: Int? = nil) -> Duration {
        let doubled = firstWait * (1 << min(max(attempt - 1, 0), 20))
        let wait = min(doubled, longestWait) * Double.random(in: 0.5...1)
        guard let seconds else { return wait }
        return max(wait, min(.seconds(seconds), longestAskedWait))
    }
}
