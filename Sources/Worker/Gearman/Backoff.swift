// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The pauses between attempts that fail: twice as long each time, up to a limit, and never quite the same, so that a
/// thousand devices do not come back to a job server in the same instant.
struct Backoff {
    private let first: Duration
    private let limit: Duration
    private var next: Duration

    init(first: Duration = .milliseconds(20), limit: Duration = .seconds(5)) {
        self.first = first
        self.limit = limit
        next = first
    }

    /// The next pause: between half of the nominal one and all of it.
    mutating func pause() -> Duration {
        defer { next = min(next * 2, limit) }
        return next * Double.random(in: 0.5...1)
    }

    mutating func reset() { next = first }
}
