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
                Set(first.entries.map(\.proxyKind)) == [.http, .tcp],
                "usage() must have entries for http and tcp, not for \(first.entries.map(\.proxyKind))"
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
        Check(
            needs: [.usage],
            "with the feature many_load_balancers, each of two of one protocol has its id in the status and the usage"
        ) { driver, device in
            guard driver.features.contains(.manyLoadBalancers) else { return }
            let set = try device.twoWithIDs()
            try await driver.apply(set)
            guard case .serving(let nodes) = try await driver.status() else {
                throw ContractViolation("status() must be serving after an apply")
            }
            let owners = nodes.map { $0.loadBalancer?.description ?? "none" }
            try require(owners == ["one", "two"], "the nodes must belong to one and two, not to \(owners)")
            let report = try await driver.usage()
            try require(
                Set(report.entries.map(\.key)) == Set(set.loadBalancers.map(\.key)),
                "usage() must have entries for the ids one and two, not for \(report.entries.map(\.key))"
            )
            try await driver.commit(report)
            // A load balancer that has left may have an entry for the rest of its bytes.
            try await driver.apply(LoadBalancerSet([device.http(Identifier("one"), nodes: [device.node("a")])]))
            try await expectServing(driver, ["a"])
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
