// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The results of a run's jobs.
package final class JobTally: Sendable {
    package struct Counts: Sendable, Codable {
        package var passed = 0
        package var failed = 0
        /// Jobs whose connection to the job server ended.
        package var lost = 0
        /// Jobs whose client left before the reply.
        package var left = 0
        /// Jobs that could not be sent.
        package var unsent = 0
        /// The longest time from submission to reply, in seconds.
        package var longest = 0.0
    }

    private let counts = Mutex<[String: Counts]>([:])

    package init() {}

    package var now: [String: Counts] { counts.withLock { $0 } }

    func count(_ action: String, _ change: (inout Counts) -> Void) {
        counts.withLock { change(&$0[action, default: Counts()]) }
    }
}
