// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import Synchronization

/// Reports and counts the exits of HAProxy that the agent did not cause.
final class EndCount: Sendable {
    private struct State {
        var count = 0
        /// The masters whose exit was reported, or caused by the agent.
        var known: Set<Int32> = []
    }

    private let state = Mutex(State())

    /// The count since the agent was started.
    var value: Int { state.withLock { $0.count } }

    /// Records that the agent itself ends a master.
    func expect(_ processID: Int32) { state.withLock { _ = $0.known.insert(processID) } }

    /// Reports a master's exit, once.
    ///
    /// - Parameter reason: Returns the exit reason from HAProxy's log.
    func report(_ processID: Int32, _ reason: (Int32) -> String, _ logger: Logger) {
        let isNew = state.withLock { state in
            guard state.known.insert(processID).inserted else { return false }
            state.count += 1
            return true
        }
        guard isNew else { return }
        logger.error(
            "HAProxy ended unexpectedly; restarting it",
            metadata: [LogKeys.error: "\(reason(processID))", LogKeys.processID: "\(processID)"]
        )
    }

}
