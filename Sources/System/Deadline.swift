// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A point in time that ends a wait.
package struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    package static func after(_ duration: Duration) -> Deadline { Deadline(end: .now + duration) }

    /// Returns the earlier of two deadlines.
    package static func earlier(_ first: Deadline, _ second: Deadline) -> Deadline {
        first.end < second.end ? first : second
    }

    package var hasPassed: Bool { end <= .now }

    /// Returns whether at least this much time remains.
    package func leaves(_ duration: Duration) -> Bool { end - .now >= duration }

    /// The remaining time, for `poll`: 0 after the deadline.
    package var milliseconds: Int32 {
        let left = end - .now
        guard left > .zero else { return 0 }
        return Int32(clamping: left / .milliseconds(1) < 1 ? 1 : Int((left / .milliseconds(1)).rounded(.up)))
    }
}
