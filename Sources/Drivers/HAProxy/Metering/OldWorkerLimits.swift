// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How many workers may go on finishing what they have after reloads, and for how long.
///
/// Only requests, downloads and TCP connections keep one for long: connections that wait for a request are closed when
/// `timeout http-request` has passed, 30 seconds at most.
struct OldWorkerLimits: Hashable, Sendable {
    /// The oldest are ended where there are more: each takes some 8 MB, and what its connections take.
    var count = 16
    /// The agent's own limit comes before HAProxy's, with which goes what was sent since the last reading.
    var age: Duration

    /// - Parameter hardStopAfter: When HAProxy itself ends one.
    init(count: Int = 16, hardStopAfter: Duration = .seconds(30 * 60)) {
        self.init(count: count, age: hardStopAfter * 29 / 30)
    }

    init(count: Int = 16, age: Duration) {
        self.count = count
        self.age = age
    }
}
