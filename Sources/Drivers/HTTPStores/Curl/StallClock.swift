// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Detects transfers without progress.
struct StallClock {
    private let limit: Duration
    private var moved: Int64 = 0
    private var since = ContinuousClock.now

    init(limit: Duration) { self.limit = limit }

    /// Restarts after a pause that the store has not caused.
    mutating func restart() { since = .now }

    /// Returns whether the transfer has made no progress for too long.
    ///
    /// - Parameter moved: The bytes sent and received so far.
    mutating func hasStalled(moved: Int64) -> Bool {
        guard moved == self.moved else {
            self.moved = moved
            restart()
            return false
        }
        return .now - since > limit
    }
}
