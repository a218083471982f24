// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// The version of the configuration as the driver program has reported it last, so that STATS and UPDATE need not ask
/// for it while a change is in hand.
final class VersionMemory: Sendable {
    private struct State {
        var version = KnownVersion.unknown
        /// Counts what may have changed the version.
        var generation = 0
    }

    private let state = Mutex(State())

    /// What is known, and what to give to ``note(_:asOf:)`` with an answer to a question that is asked now.
    var current: (version: KnownVersion, generation: Int) { state.withLock { ($0.version, $0.generation) } }

    /// Takes note of an answer, unless the version may have changed since the question.
    func note(_ version: ConfigurationVersion?, asOf generation: Int) {
        state.withLock { state in
            if state.generation == generation { state.version = .known(version) }
        }
    }

    /// Takes note of what a change or a start has made of the version.
    func set(_ version: KnownVersion) {
        state.withLock { state in
            state.generation += 1
            state.version = version
        }
    }

    /// Takes note that a change begins: the version stays what it is until the change has been made.
    func beginChange() { state.withLock { $0.generation += 1 } }
}
