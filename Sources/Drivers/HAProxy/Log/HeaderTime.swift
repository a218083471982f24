// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles

/// The time in the header of a line.
enum HeaderTime: Hashable, Sendable {
    /// Microseconds since 1970.
    case absolute(Int64)
    /// Microseconds since 1970, as if local time were UTC.
    case local(Int64)
    /// Microseconds since the start of a leap year, in local time: RFC 3164 has no year.
    case localWithoutYear(month: Int64, day: Int64, microseconds: Int64)

    /// Parses the date of RFC 3164, RFC 5424, CRI or HAProxy itself.
    ///
    /// - Returns: nil if the line does not start with a date.
    init?(_ line: UnsafeRawBufferPointer) {
        var words = LogWords(position: 0)
        unsafe words.skipWhiteSpace(line)
        if let end = unsafe LogHeader.endOfPriority(line, at: words.position) { words.position = end }
        unsafe words.skipWhiteSpace(line)
        let start = words.position
        if start + 2 < line.count, unsafe line[start] == UInt8(ascii: "1"),
            unsafe LogWords.isWhiteSpace(line[start + 1])
        {
            words.position = start + 1
            unsafe words.skipWhiteSpace(line)
        }
        if let end = unsafe LogHeader.endOfDate(line, at: words.position) {
            self = unsafe Self.readISO(line, words.position..<end)
        } else if let time = unsafe Self.readOldForm(line, at: start) {
            self = time
        } else {
            return nil
        }
    }

    /// Parses `2026-11-26T00:10:53.227139+00:00`.
    private static func readISO(_ line: UnsafeRawBufferPointer, _ range: Range<Int>) -> HeaderTime {
        let start = range.lowerBound
        func field(_ place: Int, _ count: Int = 2) -> Int64 {
            unsafe LogWords.number(line, start + place..<start + place + count)
        }
        var time = CivilTime.microseconds(
            year: field(0, 4),
            month: min(max(field(5), 1), 12),
            day: field(8),
            hour: field(11),
            minute: field(14),
            second: field(17)
        )
        var index = start + 19
        if index < range.upperBound, unsafe line[index] == UInt8(ascii: ".") || line[index] == UInt8(ascii: ",") {
            index += 1
            var unit: Int64 = 100_000
            while index < range.upperBound, unsafe LogWords.isDigit(line[index]) {
                time += unit * Int64(unsafe line[index] - UInt8(ascii: "0"))
                unit /= 10
                index += 1
            }
        }
        guard index < range.upperBound else { return .local(time) }
        let sign = unsafe line[index]
        if sign == UInt8(ascii: "Z") { return .absolute(time) }
        let digits = (index + 1..<range.upperBound).filter { unsafe LogWords.isDigit(line[$0]) }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), digits.count == 4 else { return .local(time) }
        let numbers = digits.map { Int64(unsafe line[$0] - UInt8(ascii: "0")) }
        let offset = ((numbers[0] * 10 + numbers[1]) * 60 + numbers[2] * 10 + numbers[3]) * 60_000_000
        return .absolute(sign == UInt8(ascii: "+") ? time - offset : time + offset)
    }

    /// Parses `Nov  3 04:05:15`.
    private static func readOldForm(_ line: UnsafeRawBufferPointer, at start: Int) -> HeaderTime? {
        var words = LogWords(position: start)
        guard let month = unsafe AcceptDate.month(line, at: start), let name = unsafe words.next(line), name.count == 3,
            let day = unsafe words.next(line), 1...2 ~= day.count, let time = unsafe words.next(line), time.count == 8,
            unsafe line[time.lowerBound + 2] == UInt8(ascii: ":"),
            unsafe line[time.lowerBound + 5] == UInt8(ascii: ":"),
            day.allSatisfy({ unsafe LogWords.isDigit(line[$0]) }),
            [0, 1, 3, 4, 6, 7].allSatisfy({ unsafe LogWords.isDigit(line[time.lowerBound + $0]) })
        else { return nil }
        func field(_ place: Int) -> Int64 {
            unsafe LogWords.number(line, time.lowerBound + place..<time.lowerBound + place + 2)
        }
        let seconds = (field(0) * 60 + field(3)) * 60 + field(6)
        return .localWithoutYear(
            month: month,
            day: unsafe LogWords.number(line, day),
            microseconds: seconds * 1_000_000
        )
    }
}
