// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// Assigns the server numbers that HAProxy hashes: the same for the same node, unless two collide.
struct ServerNumbers {
    private var taken: Set<Int> = []

    /// Returns a number from 1 to 2^31 - 1 that no other node of the back end has.
    mutating func next(for node: Identifier) -> Int {
        var number = Fingerprint(node.description.utf8).number(below: Int(Int32.max) - 1) + 1
        while !taken.insert(number).inserted { number = number % Int(Int32.max) + 1 }
        return number
    }
}
