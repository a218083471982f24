// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogFiles

/// The date at which HAProxy has accepted a connection, as its lines have it: `[26/Nov/2026:03:05:52.123]`, in local time.
enum AcceptDate {
    /// The bytes of a date with its brackets.
    static let size = 26

    private static let form: StaticString = "[00/Aaa/0000:00:00:00.000]"

    /// Finds the first date of a line that is a word of its own.
    static func find(in line: UnsafeRawBufferPointer) -> Int? {
        guard let base = line.baseAddress else { return nil }
        var start = 0
        while line.count - start >= size,
            let found = unsafe memchr(base + start, Int32(UInt8(ascii: "[")), line.count - start - size + 1)
        {
            let index = unsafe UnsafeRawPointer(found) - base
            if index > 0, unsafe LogWords.isWhiteSpace(line[index - 1]), unsafe isDate(line, at: index) { return index }
            start = index + 1
        }
        return nil
    }

    private static func isDate(_ line: UnsafeRawBufferPointer, at start: Int) -> Bool {
        // Most brackets that are no date differ here.
        guard unsafe line[start + 3] == UInt8(ascii: "/"), unsafe line[start + 25] == UInt8(ascii: "]") else {
            return false
        }
        for index in 1..<size {
            let (wanted, found) = unsafe (form.utf8Start[index], line[start + index])
            let isRight =
                switch wanted {
                case UInt8(ascii: "0"): LogWords.isDigit(found)
                case UInt8(ascii: "A"): found &- UInt8(ascii: "A") < 26
                case UInt8(ascii: "a"): found &- UInt8(ascii: "a") < 26
                default: found == wanted
                }
            guard isRight else { return false }
        }
        return true
    }

    /// The microseconds since 1970 of a date, as if local time were UTC; nil for a month that is none.
    ///
    /// - Parameter start: The place of a date that ``find(in:)`` has found.
    static func localMicroseconds(_ line: UnsafeRawBufferPointer, at start: Int) -> Int64? {
        guard let month = unsafe month(line, at: start + 4) else { return nil }
        let time = unsafe CivilTime.microseconds(
            year: LogWords.number(line, start + 8..<start + 12),
            month: month,
            day: LogWords.number(line, start + 1..<start + 3),
            hour: LogWords.number(line, start + 13..<start + 15),
            minute: LogWords.number(line, start + 16..<start + 18),
            second: LogWords.number(line, start + 19..<start + 21)
        )
        return time + (unsafe LogWords.number(line, start + 22..<start + 25)) * 1000
    }

    /// The number of a month, 1 to 12, by its English abbreviation.
    static func month(_ line: UnsafeRawBufferPointer, at start: Int) -> Int64? {
        let names: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
        guard start + 3 <= line.count, let base = line.baseAddress else { return nil }
        for month in 0..<12 where unsafe memcmp(base + start, names.utf8Start + month * 3, 3) == 0 {
            return Int64(month + 1)
        }
        return nil
    }
}
