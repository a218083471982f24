// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The time in the name of a rotated file, in the formats of logrotate's `dateformat`.
enum LogFileTime {
    /// The meaning of a suffix of digits.
    enum Statement: Hashable, Sendable {
        /// Seconds since 1970; a date without a time zone is read as UTC, so that names compare in their written order.
        case time(Int64)
        /// Digits in an order other than year, month, day.
        case unknown
    }

    private static let separators: Set<UInt8> = Set("-_T:".utf8)

    /// Parses `20261126`, `20261126_03`, `20261126-030552`, `2026-11-26`, `2026-11-26-03`, `20261126-1795400000`,
    /// `1795400000` and similar suffixes.
    ///
    /// - Returns: nil for a text that is not a date in digits.
    static func read(_ text: some StringProtocol) -> Statement? {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, isDigit(first), let last = bytes.last, isDigit(last), bytes.count <= 40,
            bytes.allSatisfy({ isDigit($0) || separators.contains($0) })
        else { return nil }
        let groups = bytes.split { separators.contains($0) }.map(Array.init)
        guard groups.reduce(0, { $0 + $1.count }) >= 8 else { return nil }
        return time(groups).map { .time($0) } ?? .unknown
    }

    private static func time(_ groups: [[UInt8]]) -> Int64? {
        // Epoch seconds after a date are more precise than the date.
        if groups.count == 2, groups[0].count == 8, let seconds = epoch(groups[1]) { return seconds }
        let digits = groups.joined()
        if groups.count == 1, let seconds = epoch(groups[0]), date(Array(digits)) == nil { return seconds }
        if groups.count > 1 {
            let isOneDate = groups[0].count == 8
            let isParts = groups.count >= 3 && groups[0].count == 4 && groups[1].count == 2
            guard isOneDate || isParts, groups.dropFirst().allSatisfy({ $0.count.isMultiple(of: 2) }) else {
                return nil
            }
        }
        return date(Array(digits))
    }

    private static func epoch(_ group: [UInt8]) -> Int64? {
        guard 9...11 ~= group.count, group.first != UInt8(ascii: "0") else { return nil }
        return number(group[...])
    }

    /// Parses `YYYYMMDD`, with optional `hh`, `hhmm` or `hhmmss`.
    private static func date(_ digits: [UInt8]) -> Int64? {
        guard [8, 10, 12, 14].contains(digits.count) else { return nil }
        func field(_ start: Int, _ count: Int = 2) -> Int64 {
            start < digits.count ? number(digits[start..<start + count]) : 0
        }
        let (year, month, day) = (field(0, 4), field(4), field(6))
        guard 2000...2199 ~= year, 1...12 ~= month, 1...31 ~= day else { return nil }
        let (hour, minute, second) = (field(8), field(10), field(12))
        guard hour < 25, minute < 60, second < 62 else { return nil }
        let days = CivilTime.days(year: year, month: month, day: day)
        return ((days * 24 + hour) * 60 + minute) * 60 + second
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64 {
        digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
