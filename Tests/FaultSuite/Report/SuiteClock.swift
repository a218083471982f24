// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The time of a run, in seconds since its start.
package struct SuiteClock: Sendable {
    private let start = ContinuousClock.now
    private let wall = Date()

    package init() {}

    package var now: Double { (ContinuousClock.now - start) / .seconds(1) }

    /// The time of a `YYYY-MM-DD HH:MM:SS.ffffff` in UTC; nil for another text.
    func time(ofUTC text: String) -> Double? {
        let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
        guard numbers.count == 7, text.count == 26 else { return nil }
        var parts = DateComponents()
        (parts.year, parts.month, parts.day) = (numbers[0], numbers[1], numbers[2])
        (parts.hour, parts.minute, parts.second) = (numbers[3], numbers[4], numbers[5])
        parts.timeZone = TimeZone(secondsFromGMT: 0)
        guard let date = Calendar(identifier: .gregorian).date(from: parts) else { return nil }
        return date.timeIntervalSince(wall) + Double(numbers[6]) / 1_000_000
    }
}
