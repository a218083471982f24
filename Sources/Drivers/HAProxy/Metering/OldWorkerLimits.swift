// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The limits for old workers after reloads: their number and age.
///
/// Only requests, downloads and TCP connections keep an old worker for long: idle connections are closed after
/// `timeout http-request`, 30 seconds at most.
struct OldWorkerLimits: Hashable, Sendable {
    /// The oldest above this count are ended: each takes some 8 MB in addition to its connections.
    var count = 16
    /// The agent's limit is shorter than HAProxy's, which loses the bytes since the last reading.
    var age: Duration

    /// - Parameter hardStopAfter: The limit at which HAProxy itself ends an old worker.
    init(count: Int = 16, hardStopAfter: Duration = .seconds(30 * 60)) {
        self.init(count: count, age: hardStopAfter * 29 / 30)
    }

    init(count: Int = 16, age: Duration) {
        self.count = count
        self.age = age
    }
}
