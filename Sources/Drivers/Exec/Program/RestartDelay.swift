// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The delay before an ended program is restarted.
struct RestartDelay: Sendable {
    typealias Instant = ContinuousClock.Instant

    private static let steps: [Duration] = [
        .zero, .milliseconds(100), .milliseconds(500), .seconds(1), .seconds(2), .seconds(5), .seconds(10),
        .seconds(30),
    ]
    /// A program that has run for this long is restarted immediately.
    private static let goodRun = Duration.seconds(10)

    private var failures = 0
    private var notBefore: Instant?

    /// Records that the program has ended.
    mutating func noteEnd(ranFor time: Duration, at now: Instant) {
        failures = time >= Self.goodRun ? 0 : failures
        notBefore = now + Self.steps[min(failures, Self.steps.count - 1)]
        failures += 1
    }

    /// Returns the remaining delay.
    func remaining(at now: Instant) -> Duration { notBefore.map { max(.zero, $0 - now) } ?? .zero }
}
