// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts how often HAProxy has ended although it should run.
final class EndCount: Sendable {
    private struct State {
        var count = 0
        var expected: Set<Int32> = []
    }

    private let state = Mutex(State())

    /// The count since the agent was started.
    var value: Int { state.withLock { $0.count } }

    /// Announces that the agent itself ends a master.
    func expect(_ processID: Int32) { state.withLock { _ = $0.expected.insert(processID) } }

    /// Takes note of a master's end.
    ///
    /// - Returns: Whether it was unexpected.
    func note(_ processID: Int32) -> Bool {
        state.withLock { state in
            guard state.expected.remove(processID) == nil else { return false }
            state.count += 1
            return true
        }
    }
}
