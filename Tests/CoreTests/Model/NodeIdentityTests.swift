// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardCore

@Suite("Ids of nodes are unique")
struct NodeIdentityTests {
    @Test("a duplicate id is rejected, in any order of the ids", arguments: Seeds.first(4))
    func property(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var counts = (unique: 0, repeated: 0)
        for _ in 0..<300 {
            let ids = ids(&random)
            var seen: [String: Int] = [:]
            let second = ids.indices.first { seen.updateValue($0, forKey: ids[$0]) != nil }
            let nodes = try ids.map { id in
                try Node(id: Identifier(id), address: HostAddress("h"), port: Port(1))
            }
            guard let second else {
                counts.unique += 1
                #expect(try LoadBalancer(protocol: .http, port: .http, nodes: nodes).nodes == nodes)
                continue
            }
            counts.repeated += 1
            let first = try #require(ids.firstIndex(of: ids[second]))
            let error = #expect(throws: InvalidValue.self) {
                try LoadBalancer(protocol: .http, port: .http, nodes: nodes)
            }
            #expect(error?.member == "nodes[\(second)].id")
            #expect(error?.problem == "is \"\(ids[second])\", the same as nodes[\(first)]")
        }
        #expect(counts.unique > 30 && counts.repeated > 30, "\(counts)")
    }

    /// Consecutive ids, some of them changed, so that both orders and duplicates occur.
    private func ids(_ random: inout SeededGenerator) -> [String] {
        let first = random.pick([1, 7, 95, 70_000])
        let prefix = random.pick(["", "", "n-", "N", "more-than-15-bytes."])
        var ids = (first..<first + random.below(20)).map { "\(prefix)\($0)" }
        let others = [prefix + "7", "x", "B", "10", "070000", prefix + "70003", "z.z"]
        for _ in 0..<random.below(4) where !ids.isEmpty {
            ids[random.below(ids.count)] = random.pick(ids + others)
        }
        if random.isLucky(oneIn: 3) { ids.shuffle(using: &random) }
        return ids
    }
}
