// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers

/// The faults of a round with their times; the same seed gives the same schedule.
struct FaultSchedule: Sendable {
    /// Each fault with its time, in seconds from the start of the round.
    let entries: [(time: Double, action: FaultAction)]

    /// - Parameters:
    ///   - seconds: The duration of the round's faults.
    ///   - rate: The average number of faults per second.
    ///   - servers: The number of job servers.
    ///   - hasStore: Whether there is a store.
    ///   - hasSilence: Whether to silence connections as well.
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

    /// The faults by target; those of one target run one after the other.
    var byTarget: [[(time: Double, action: FaultAction)]] {
        Array(Dictionary(grouping: entries) { $0.action.target }.values)
    }
}
