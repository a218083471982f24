// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import FaultSuite

/// The faults of a round.
struct FaultScheduleTests {
    private func schedule(seed: UInt64, _ profile: FaultProfile, hasSilence: Bool = true) -> [FaultAction] {
        var generator = SeededGenerator(seed: seed)
        let schedule = FaultSchedule(
            profile,
            seconds: 600,
            rate: 1,
            servers: 3,
            hasStore: true,
            hasSilence: hasSilence,
            &generator
        )
        return schedule.entries.map(\.action)
    }

    @Test(arguments: FaultProfile.allCases) func sameSeedMakesTheSameFaults(profile: FaultProfile) {
        let first = schedule(seed: 1, profile)
        // Comparing to a Bool keeps a failure from printing the lists.
        let (isSame, isOther) = (first == schedule(seed: 1, profile), first != schedule(seed: 2, profile))
        #expect(isSame && isOther)
        #expect((500...700).contains(first.count))
    }

    @Test func profilesKeepToTheirFaults() {
        func targets(_ profile: FaultProfile) -> Set<String> {
            Set(schedule(seed: 1, profile).map { "\($0.target)" }.map { String($0.prefix { $0 != " " }) })
        }
        #expect(targets(.transport) == ["gearmand", "link", "store"])
        #expect(targets(.agent) == ["gearmand", "link", "store", "agent", "HAProxy"])
        func isKill(_ action: FaultAction) -> Bool {
            if case .killHAProxy = action { return true }
            return false
        }
        #expect(schedule(seed: 1, .agent).count(where: isKill) == 0)
        #expect(schedule(seed: 1, .device).count(where: isKill) > 0)
        #expect(schedule(seed: 1, .transport).count(where: \.isSilence) > 0)
        #expect(schedule(seed: 1, .transport, hasSilence: false).count(where: \.isSilence) == 0)
    }
}
