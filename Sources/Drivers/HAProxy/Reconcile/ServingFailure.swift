// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Why the agent cannot bring HAProxy to serve, so that STATS reports the cause and not only its effect.
final class ServingFailure: Sendable {
    private let last = Mutex<DriverError?>(nil)

    /// Keeps the reason of the last attempt; nil if it succeeded.
    func note(_ error: DriverError?) { last.withLock { $0 = error } }

    /// Adds the reason to an error that only says that HAProxy does not run.
    func explain(_ error: DriverError) -> DriverError {
        guard error.code == .notRunning, let reason = last.withLock({ $0 }) else { return error }
        return DriverError(error.code, "\(error.message): \(reason.sentence(listName: "loadbalancers"))")
    }
}
