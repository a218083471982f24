// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The header that a syslog daemon, a container runtime or HAProxy itself writes before a message.
///
/// RFC 3164 and RFC 5424 headers with or without a priority, CRI's `DATE stdout F`, Docker's `{"log":"`, and the date
/// of HAProxy's `format iso`. A line may start with several of them; the message may start after any of them.
@safe struct LogHeader {
    private enum Step {
        case beginning, priority, date, tag, secondTag, end
    }

    private let line: UnsafeRawBufferPointer
    private var words: LogWords
    private var step = Step.beginning
    private var tags = 0

    init(line: UnsafeRawBufferPointer) {
        unsafe self.line = line
        words = LogWords(position: 0)
    }

    /// The next index at which the message may start; nil if there is none.
    mutating func nextMessageStart() -> Int? {
        while step != .end {
            switch step {
            case .beginning:
                step = .priority
                unsafe words.skipWhiteSpace(line)
                skip(prefix: #"{"log":""#)
                return words.position
            case .priority:
                step = .date
                if skipPriority() { return words.position }
            case .date:
                step = .tag
                let isSyslog = skipVersion()
                if skipDate() {
                    if isSyslog { skipSyslogFields() } else { skipContainerFields() }
                    return words.position
                }
            case .tag, .secondTag:
                // An IPv6 address may also end in a colon.
                step = step == .tag ? .secondTag : .end
                guard skipTag() else {
                    step = .end
                    return nil
                }
                skipDate()
                return words.position
            case .end: return nil
            }
        }
        return nil
    }

    private mutating func skip(prefix: StaticString) {
        if unsafe LogWords.hasPrefix(prefix, line, at: words.position, to: line.count) {
            words.position += prefix.utf8CodeUnitCount
        }
    }

    /// Skips `<134>`.
    private mutating func skipPriority() -> Bool {
        guard let end = unsafe Self.endOfPriority(line, at: words.position) else { return false }
        words.position = end
        unsafe words.skipWhiteSpace(line)
        return true
    }

    static func endOfPriority(_ line: UnsafeRawBufferPointer, at start: Int) -> Int? {
        guard start + 2 < line.count, unsafe line[start] == UInt8(ascii: "<") else { return nil }
        var index = start + 1
        while index < min(line.count, start + 4), unsafe LogWords.isDigit(line[index]) { index += 1 }
        guard index > start + 1, index < line.count, unsafe line[index] == UInt8(ascii: ">") else { return nil }
        return index + 1
    }

    /// Skips the version 1 of RFC 5424, before a date.
    private mutating func skipVersion() -> Bool {
        let start = words.position
        guard unsafe start + 1 < line.count, unsafe line[start] == UInt8(ascii: "1"),
            unsafe LogWords.isWhiteSpace(line[start + 1])
        else { return false }
        words.position = start + 1
        unsafe words.skipWhiteSpace(line)
        return true
    }

    @discardableResult
    private mutating func skipDate() -> Bool {
        unsafe words.skipWhiteSpace(line)
        guard let end = unsafe Self.endOfDate(line, at: words.position) else { return false }
        words.position = end
        unsafe words.skipWhiteSpace(line)
        return true
    }

    /// The end of a date such as `2026-11-26T00:10:53.227139+00:00`; nil if there is none here.
    static func endOfDate(_ line: UnsafeRawBufferPointer, at start: Int) -> Int? {
        let form: StaticString = "0000-00-00T00:00:00"
        let count = form.utf8CodeUnitCount
        guard line.count - start >= count, unsafe line[start + 4] == UInt8(ascii: "-"),
            unsafe line[start + 10] == UInt8(ascii: "T")
        else { return nil }
        for index in 0..<count {
            let (wanted, found) = unsafe (form.utf8Start[index], line[start + index])
            guard wanted == UInt8(ascii: "0") ? LogWords.isDigit(found) : found == wanted else { return nil }
        }
        var end = start + count
        while end < line.count, unsafe !LogWords.isWhiteSpace(line[end]) { end += 1 }
        return end
    }

    /// Skips the host, program, process, message ID and structured data of RFC 5424, and a byte-order mark.
    private mutating func skipSyslogFields() {
        for _ in 0..<4 { _ = unsafe words.next(line) }
        unsafe words.skipWhiteSpace(line)
        guard unsafe words.position < line.count else { return }
        if unsafe line[words.position] == UInt8(ascii: "[") {
            words.position = unsafe Self.endOfStructuredData(line, at: words.position)
        } else {
            _ = unsafe words.next(line)
        }
        unsafe words.skipWhiteSpace(line)
        skip(prefix: "\u{FEFF}")
        skipDate()
    }

    /// Skips elements such as `[id name="value"]`.
    private static func endOfStructuredData(_ line: UnsafeRawBufferPointer, at start: Int) -> Int {
        var index = start
        var isQuoted = false
        while index < line.count {
            switch unsafe line[index] {
            case UInt8(ascii: "\\") where isQuoted: index += 1
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "]") where !isQuoted:
                guard index + 1 < line.count, unsafe line[index + 1] == UInt8(ascii: "[") else { return index + 1 }
            default: break
            }
            index += 1
        }
        return line.count
    }

    /// Skips `stdout F` of CRI, and the date of HAProxy after it.
    private mutating func skipContainerFields() {
        var ahead = words
        guard let stream = unsafe ahead.next(line),
            unsafe LogWords.isEqual("stdout", line, stream) || LogWords.isEqual("stderr", line, stream),
            let flag = unsafe ahead.next(line),
            unsafe line[flag.lowerBound] == UInt8(ascii: "F")
                || line[flag.lowerBound] == UInt8(ascii: "P")
        else { return }
        words = ahead
        unsafe words.skipWhiteSpace(line)
        skipDate()
    }

    /// Skips `haproxy[123]:` or `haproxy:`, which ends the header of RFC 3164.
    private mutating func skipTag() -> Bool {
        var start = words.position
        guard let base = unsafe line.baseAddress else { return false }
        while unsafe start < line.count,
            let found = unsafe memchr(base + start, Int32(UInt8(ascii: ":")), line.count - start)
        {
            let index = unsafe UnsafeRawPointer(found) - base
            if unsafe index + 1 < line.count, unsafe LogWords.isWhiteSpace(line[index + 1]) {
                words.position = index + 1
                unsafe words.skipWhiteSpace(line)
                return true
            }
            start = index + 1
        }
        return false
    }
}
