// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// The configuration version that the driver program last reported, so that STATS and UPDATE need not query it during a
/// change.
final class VersionMemory: Sendable {
    private struct State {
        var version = KnownVersion.unknown
        /// Incremented by each event that may change the version.
        var generation = 0
    }

    private let state = Mutex(State())

    /// The known version, and the generation to pass to ``note(_:asOf:)`` with the response to a query sent now.
    var current: (version: KnownVersion, generation: Int) { state.withLock { ($0.version, $0.generation) } }

    /// Records a response, unless the version may have changed since the query.
    func note(_ version: ConfigurationVersion?, asOf generation: Int) {
        state.withLock { state in
            if state.generation == generation { state.version = .known(version) }
        }
    }

    /// Records the version after a change or a start.
    func set(_ version: KnownVersion) {
        state.withLock { state in
            state.generation += 1
            state.version = version
        }
    }

    /// Records the start of a change: the version is unchanged until the change is complete.
    func beginChange() { state.withLock { $0.generation += 1 } }
}
