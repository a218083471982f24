// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension LoadBalancerDriverContract {
    /// The rules for METRICS.
    static let usageChecks: [Check] = [
        Check(
            needs: [.usage],
            "usage has an entry for each protocol, and its span starts at the end of the last committed report"
        ) {
            driver,
            device in
            try await driver.apply(device.both())
            let first = try await driver.usage()
            try require(
                Set(first.entries.map(\.metered)) == [.http, .tcp],
                "usage() must have entries for http and tcp, not for \(first.entries.map(\.metered))"
            )
            try require(first.start <= first.end, "a report must not end before it starts")
            let repeated = try await driver.usage()
            try require(repeated.start == first.start, "a report must start at the end of the last committed one")
            try await driver.commit(first)
            try await driver.commit(first)
            let next = try await driver.usage()
            try require(
                next.start == first.end,
                "after a commit, the next report must start at \(first.end), not at \(next.start)"
            )
        },
        Check(needs: [.usage], "committing an older report changes nothing") { driver, device in
            try await driver.apply(device.both())
            let first = try await driver.usage()
            let second = try await driver.usage()
            try await driver.commit(second)
            try await driver.commit(first)
            let next = try await driver.usage()
            try require(
                next.start == second.end,
                "an older commit must change nothing: the next report must start at \(second.end), not at \(next.start)"
            )
        },
    ]
}
