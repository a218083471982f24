// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import Synchronization

/// Reports and counts the ends of HAProxy that the agent has not caused.
final class EndCount: Sendable {
    private struct State {
        var count = 0
        /// The masters whose end is known, or caused by the agent.
        var known: Set<Int32> = []
    }

    private let state = Mutex(State())

    /// The count since the agent was started.
    var value: Int { state.withLock { $0.count } }

    /// Announces that the agent itself ends a master.
    func expect(_ processID: Int32) { state.withLock { _ = $0.known.insert(processID) } }

    /// Reports a master's end, once.
    ///
    /// - Parameter reason: Gives what HAProxy has logged of its end.
    func report(_ processID: Int32, _ reason: () -> String, _ logger: Logger) {
        let isNew = state.withLock { state in
            guard state.known.insert(processID).inserted else { return false }
            state.count += 1
            return true
        }
        guard isNew else { return }
        logger.error(
            "HAProxy ended; starting it again",
            metadata: [LogKeys.error: "\(reason())", LogKeys.processID: "\(processID)"]
        )
    }

}
