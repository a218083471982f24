// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@Suite("Times in UTC")
struct UTCTimestampTests {
    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    /// The time by Foundation's calendar; a Date is a Double, which is too coarse for microseconds.
    private func expected(_ seconds: Int64, _ fraction: Int64) -> (description: String, compact: String) {
        let date = Date(timeIntervalSince1970: Double(seconds))
        let parts = Self.calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        let day = [parts.year, parts.month, parts.day].map { $0 ?? -1 }
        let time = [parts.hour, parts.minute, parts.second].map { $0 ?? -1 }
        let dayText = [String(format: "%04d", day[0]), String(format: "%02d", day[1]), String(format: "%02d", day[2])]
        let timeText = time.map { String(format: "%02d", $0) }
        return (
            "\(dayText.joined(separator: "-")) \(timeText.joined(separator: ":"))."
                + String(format: "%06d", Int(fraction)),
            "\(dayText.joined())-\(timeText.joined())"
        )
    }

    @Test("thousands of times from 1600 to 9999 agree with Foundation's calendar", arguments: Seeds.first(3))
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1000 {
            let seconds = Int64.random(in: -11_676_096_000..<253_402_300_800, using: &random)
            let fraction = Int64.random(in: 0..<1_000_000, using: &random)
            let time = UTCTimestamp(microseconds: seconds * 1_000_000 + fraction)
            let expected = expected(seconds, fraction)
            guard time.description == expected.description, time.compact == expected.compact else {
                Issue.record("\(time.microseconds): \(time) should be \(expected)")
                return
            }
        }
    }

    @Test(
        "the ends of every month around leap years",
        arguments: [1900, 1970, 1999, 2000, 2023, 2024, 2038, 2100, 2400]
    )
    func monthEnds(year: Int) throws {
        for month in 1...12 {
            let first = try #require(Self.calendar.date(from: DateComponents(year: year, month: month, day: 1)))
            for (offset, fraction) in [(-1, 999_999), (0, 0), (0, 1), (86_399, 999_999)] as [(Int64, Int64)] {
                let seconds = Int64(first.timeIntervalSince1970) + offset
                let time = UTCTimestamp(microseconds: seconds * 1_000_000 + fraction)
                #expect(time.description == expected(seconds, fraction).description)
            }
        }
    }

    @Test(
        "known times",
        arguments: [
            (0, "1970-01-01 00:00:00.000000"), (-1, "1969-12-31 23:59:59.999999"),
            (951_782_400_000_000, "2000-02-29 00:00:00.000000"),
            (1_382_282_876_000_042, "2013-10-20 15:27:56.000042"),
            (-62_135_596_800_000_000, "0001-01-01 00:00:00.000000"),
        ] as [(Int64, String)]
    )
    func known(microseconds: Int64, text: String) {
        #expect(UTCTimestamp(microseconds: microseconds).description == text)
    }

    @Test("no number is too large or too small to be printed", arguments: [Int64.min, .min + 1, .max - 1, .max])
    func extremes(microseconds: Int64) {
        let time = UTCTimestamp(microseconds: microseconds)
        #expect(time.description.contains(":") && time.compact.contains("-"))
    }

    @Test("now is the current time and increases")
    func now() {
        let before = Date().timeIntervalSince1970
        let now = Double(UTCTimestamp.now.microseconds) / 1_000_000
        #expect(before - 60 < now && now < before + 60)
        #expect(UTCTimestamp(microseconds: 1) < UTCTimestamp(microseconds: 2))
    }
}
