// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Exponential backoff with a limit and jitter, so that a thousand devices do not reconnect to a job server at the same
/// instant.
struct Backoff {
    private let first: Duration
    private let limit: Duration
    private var next: Duration

    init(first: Duration = .milliseconds(20), limit: Duration = .seconds(5)) {
        self.first = first
        self.limit = limit
        next = first
    }

    /// Returns the next pause: between half of the nominal pause and all of it.
    mutating func pause() -> Duration {
        defer { next = min(next * 2, limit) }
        return next * Double.random(in: 0.5...1)
    }

    mutating func reset() { next = first }
}
