// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Finds out that nothing moves.
struct StallClock {
    private let limit: Duration
    private var moved: Int64 = 0
    private var since = ContinuousClock.now

    init(limit: Duration) { self.limit = limit }

    /// Begins anew, after a pause that the other side has not caused.
    mutating func restart() { since = .now }

    /// Whether nothing has moved for too long.
    ///
    /// - Parameter moved: The bytes that have gone either way until now.
    mutating func hasStalled(moved: Int64) -> Bool {
        guard moved == self.moved else {
            self.moved = moved
            restart()
            return false
        }
        return .now - since > limit
    }
}
