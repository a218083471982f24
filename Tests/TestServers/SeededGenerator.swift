// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// SplitMix64: the same seed gives the same test data on every machine.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    package mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

    package mutating func isLucky(oneIn chances: Int) -> Bool { below(chances) == 0 }

    package mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}

/// The seeds of the property tests; each is an argument of its test, so a failure prints it.
package enum Seeds {
    /// Fixed seeds, and the seed in `STEELYARD_TEST_SEED`, for more tests or to repeat a failure.
    package static func first(_ count: Int) -> [UInt64] {
        let extra = ProcessInfo.processInfo.environment["STEELYARD_TEST_SEED"].flatMap { UInt64($0) }
        return (1...UInt64(count)).map { $0 &* 0x5DEE_CE66D } + (extra.map { [$0] } ?? [])
    }
}
