// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
import SteelyardCore

/// The time up to which lines belong to deleted load balancers, no matter when a syslog daemon writes them.
///
/// HAProxy logs local time without a zone. In the hour that repeats when the clocks go back, a date is ambiguous; a
/// line that may be old counts as old.
struct LogCut: Hashable, Sendable {
    /// The period in which clock changes are searched, in seconds.
    private static let lookback: Int64 = 4 * 3600

    /// Microseconds since 1970.
    private let time: Int64
    /// The latest local time up to then, in microseconds since 1970 as if it were UTC.
    private let localTime: Int64

    init(_ time: UTCTimestamp) {
        self.init(time) { CivilTime.offset(at: $0) }
    }

    /// - Parameter offset: The offset of local time from UTC at a given time, both in seconds.
    init(_ time: UTCTimestamp, offset: (_ seconds: Int64) -> Int64) {
        self.time = time.microseconds
        let seconds = time.microseconds / 1_000_000
        var latest = time.microseconds + offset(seconds) * 1_000_000
        var next = offset(seconds)
        for minute in 1...Self.lookback / 60 {
            let earlier = offset(seconds - minute * 60)
            // The clocks went back within this minute.
            if earlier > next { latest = max(latest, (seconds - (minute - 1) * 60 + earlier) * 1_000_000) }
            next = earlier
        }
        localTime = latest
    }

    /// Whether a line was logged up to that time; false for a line without a time.
    func covers(_ line: UnsafeRawBufferPointer, _ found: HAProxyLine) -> Bool {
        if let date = found.acceptDate {
            return unsafe (AcceptDate.localMicroseconds(line, at: date) ?? .min) <= localTime
        }
        switch unsafe HeaderTime(line) {
        case nil: return false
        case .absolute(let header): return header <= time
        case .local(let header): return header <= localTime
        case .localWithoutYear(let month, let day, let microseconds):
            return covers(month: month, day: day, microseconds)
        }
    }

    /// Chooses the year that makes the date closest.
    private func covers(month: Int64, day: Int64, _ microseconds: Int64) -> Bool {
        let halfYear: Int64 = 183 * 86_400 * 1_000_000
        let year = 1970 + localTime / (31_556_952 * 1_000_000)
        for candidate in year - 1...year + 1 {
            let header = CivilTime.days(year: candidate, month: month, day: day) * 86_400_000_000 + microseconds
            if abs(header - localTime) <= halfYear { return header <= localTime }
        }
        return false
    }
}
