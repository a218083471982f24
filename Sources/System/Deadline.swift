// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A moment after which something is no longer waited for.
package struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    package static func after(_ duration: Duration) -> Deadline { Deadline(end: .now + duration) }

    /// The earlier of two.
    package static func earlier(_ first: Deadline, _ second: Deadline) -> Deadline {
        first.end < second.end ? first : second
    }

    package var hasPassed: Bool { end <= .now }

    /// Whether at least this much is left.
    package func leaves(_ duration: Duration) -> Bool { end - .now >= duration }

    /// What is left, for `poll`: 0 once it has passed.
    package var milliseconds: Int32 {
        let left = end - .now
        guard left > .zero else { return 0 }
        return Int32(clamping: left / .milliseconds(1) < 1 ? 1 : Int((left / .milliseconds(1)).rounded(.up)))
    }
}
