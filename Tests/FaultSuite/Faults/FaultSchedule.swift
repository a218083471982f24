// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers

/// The faults of a round, with their times; the same for the same seed.
struct FaultSchedule: Sendable {
    /// Each fault with the second of the round in which it comes.
    let entries: [(time: Double, action: FaultAction)]

    /// - Parameters:
    ///   - seconds: How long the round's faults last.
    ///   - rate: How many come in a second, on average.
    ///   - servers: How many job servers there are.
    ///   - hasStore: Whether there is a store.
    ///   - hasSilence: Whether connections fall silent, too.
    init(
        _ profile: FaultProfile,
        seconds: Double,
        rate: Double,
        servers: Int,
        hasStore: Bool,
        hasSilence: Bool,
        _ generator: inout SeededGenerator
    ) {
        var entries: [(Double, FaultAction)] = []
        let kinds = profile.targets.filter { hasStore || $0 != .store }
        var time = 0.3
        while time < seconds {
            let kind = generator.pick(kinds)
            let left = max(0.2, seconds - time)
            let action = FaultAction.random(kind, servers: servers, seconds: left, &generator)
            if hasSilence || !action.isSilence { entries.append((time, action)) }
            time += Double.random(in: 0.2...1.8, using: &generator) / rate
        }
        self.entries = entries
    }

    /// Those of each target, which must come one after the other.
    var byTarget: [[(time: Double, action: FaultAction)]] {
        Array(Dictionary(grouping: entries) { $0.action.target }.values)
    }
}
