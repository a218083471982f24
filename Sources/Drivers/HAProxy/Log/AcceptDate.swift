// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogFiles

/// The date at which HAProxy accepted a connection, as in its log lines: `[26/Nov/2026:03:05:52.123]`, in local time.
enum AcceptDate {
    /// The bytes of a date with its brackets.
    static let size = 26

    private static let form: StaticString = "[00/Aaa/0000:00:00:00.000]"

    /// Finds the first date in a line that is a separate word.
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

    /// Whether there is a date at this index; compares eight bytes at a time.
    private static func isDate(_ line: UnsafeRawBufferPointer, at start: Int) -> Bool {
        unsafe line[start + 25] == UInt8(ascii: "]") && words.0.matches(line, at: start + 1)
            && words.1.matches(line, at: start + 9) && words.2.matches(line, at: start + 17)
    }

    /// Eight bytes of the date format: `0` is a digit, `A` and `a` are letters, all other characters are literal.
    private struct Word {
        private let mask: UInt64
        private let value: UInt64
        private let six: UInt64
        private let digitMask: UInt64
        private let digits: UInt64

        init(_ form: StaticString, at start: Int) {
            var (mask, value, six, digitMask, digits) = (UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0))
            for index in (0..<8).reversed() {
                let byte = unsafe form.utf8Start[start + index]
                let kept: UInt8 =
                    switch byte {
                    case UInt8(ascii: "0"): 0xF0
                    case UInt8(ascii: "A"), UInt8(ascii: "a"): 0xE0
                    default: 0xFF
                    }
                mask = mask << 8 | UInt64(kept)
                value = value << 8 | UInt64(byte & kept)
                // A digit is a byte of at least 0x30 that is below 0x40 even after 6 is added.
                six = six << 8 | (kept == 0xF0 ? 6 : 0)
                digitMask = digitMask << 8 | (kept == 0xF0 ? 0xF0 : 0)
                digits = digits << 8 | (kept == 0xF0 ? 0x30 : 0)
            }
            (self.mask, self.value, self.six, self.digitMask, self.digits) = (mask, value, six, digitMask, digits)
        }

        func matches(_ line: UnsafeRawBufferPointer, at start: Int) -> Bool {
            let bytes = UInt64(littleEndian: unsafe line.loadUnaligned(fromByteOffset: start, as: UInt64.self))
            return bytes & mask == value && (bytes & 0x7F7F_7F7F_7F7F_7F7F &+ six) & digitMask == digits
        }
    }

    private static let words = (Word(form, at: 1), Word(form, at: 9), Word(form, at: 17))

    /// The microseconds since 1970 of a date, as if local time were UTC; nil if the month is invalid.
    ///
    /// - Parameter start: The index of a date that ``find(in:)`` found.
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
