// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#endif

/// A moment in Coordinated Universal Time, to the microsecond.
public struct UTCTimestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The microseconds since 1970-01-01 00:00:00 UTC, without leap seconds.
    public let microseconds: Int64

    /// The range of microseconds in state files: from 1970 to the end of the year 9999.
    package static let storable: ClosedRange<Int64> = 0...253_402_300_799_999_999

    /// Creates a moment from the microseconds since 1970.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// The current time of the device's clock.
    public static var now: UTCTimestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UTCTimestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// The time as `YYYY-MM-DD HH:MM:SS.ffffff`, the format of METRICS.
    public var description: String {
        let (date, time) = fields
        let fraction = Self.padded(Int(Self.floorDivision(microseconds, 1_000_000).remainder), 6)
        return "\(date.joined(separator: "-")) \(time.joined(separator: ":")).\(fraction)"
    }

    /// The time as `YYYYMMDD-HHMMSS`, the format of archive names.
    package var compact: String {
        let (date, time) = fields
        return date.joined() + "-" + time.joined()
    }

    /// Compares two times.
    public static func < (first: UTCTimestamp, second: UTCTimestamp) -> Bool {
        first.microseconds < second.microseconds
    }

    private var fields: (date: [String], time: [String]) {
        let (seconds, _) = Self.floorDivision(microseconds, 1_000_000)
        let (days, secondOfDay) = Self.floorDivision(seconds, 86_400)
        // The proleptic Gregorian calendar, with years that begin in March, so that a leap day ends a year.
        let (era, dayOfEra) = Self.floorDivision(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (
            [Self.padded(Int(year), 4), Self.padded(Int(month), 2), Self.padded(Int(day), 2)],
            [secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60].map { Self.padded(Int($0), 2) }
        )
    }

    private static func floorDivision(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        // In this order nothing overflows, even for the smallest number in a damaged file.
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
