// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Calendar dates without a time zone.
package enum CivilTime {
    /// Returns the number of days from 1970-01-01 to a date of the Gregorian calendar.
    ///
    /// - Parameters:
    ///   - year: 1 or later.
    ///   - month: 1 to 12.
    ///   - day: 1 to 31.
    package static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        // Years that start in March have the leap day at their end.
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Returns the microseconds since 1970 of a date and time in UTC.
    package static func microseconds(
        year: Int64,
        month: Int64,
        day: Int64,
        hour: Int64,
        minute: Int64,
        second: Int64
    ) -> Int64 {
        (((days(year: year, month: month, day: day) * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000
    }

    /// Returns the offset of the device's time zone from UTC at a time, in seconds.
    ///
    /// - Parameter seconds: Seconds since 1970.
    package static func offset(at seconds: Int64) -> Int64 {
        var time = time_t(seconds)
        var parts = unsafe tm()
        guard unsafe localtime_r(&time, &parts) != nil else { return 0 }
        return Int64(unsafe parts.tm_gmtoff)
    }
}
