// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// Finds the proxy that a line of HAProxy's log belongs to, by the field with the proxy's name only: the line also holds what
/// clients and nodes send.
enum LogLineSelector {
    /// The field is found within this many bytes of a line, whatever follows.
    static let headLimit = 1024

    /// The protocol of the proxy that a line belongs to.
    ///
    /// - Parameter line: The line without its newline, or its first ``headLimit`` bytes at least.
    /// - Returns: nil for a line that belongs to no proxy.
    static func owner(of line: UnsafeRawBufferPointer) -> MeteredProtocol? {
        let line = unsafe UnsafeRawBufferPointer(rebasing: line.prefix(headLimit))
        guard let field = unsafe field(of: line) else { return nil }
        if unsafe matches(line, field, "http-in") || matches(line, field, "http-servers") { return .http }
        if unsafe matches(line, field, "tcp-in") || matches(line, field, "tcp-servers") { return .tcp }
        return nil
    }

    /// Compares the field up to what may follow a proxy's name: `~` marks TLS, `/` begins a server or a listener.
    private static func matches(_ line: UnsafeRawBufferPointer, _ field: Range<Int>, _ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        guard field.count >= count, let start = line.baseAddress,
            unsafe memcmp(start + field.lowerBound, name.utf8Start, count) == 0
        else { return false }
        guard field.count > count else { return true }
        switch unsafe line[field.lowerBound + count] {
        case UInt8(ascii: "/"), UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: ","): return true
        // The full stop of a sentence.
        case UInt8(ascii: "."): return field.count == count + 1
        default: return false
        }
    }

    /// The word that names the proxy, with what is attached to it.
    private static func field(of line: UnsafeRawBufferPointer) -> Range<Int>? {
        var words = LogWords(position: unsafe messageStart(of: line))
        guard let first = unsafe words.next(line) else { return nil }
        guard let second = unsafe words.next(line) else { return first }
        // A request, a connection or a failed one: who, [when], and then which front end.
        if unsafe line[second.lowerBound] == UInt8(ascii: "[") { return unsafe words.next(line) }
        // A sentence about a proxy or a server, which begins with words that HAProxy always uses.
        guard unsafe isVocabulary(line, first) else { return first }
        var word: Range<Int>? = second
        while let current = word, unsafe isVocabulary(line, current) { word = unsafe words.next(line) }
        return word
    }

    /// Where HAProxy's message begins: after its own date, or after the header of a syslog daemon.
    private static func messageStart(of line: UnsafeRawBufferPointer) -> Int {
        var start = 0
        // <134>
        if line.count > 2, unsafe line[0] == UInt8(ascii: "<") {
            var index = 1
            while index < min(line.count, 5), unsafe isDigit(line[index]) { index += 1 }
            if index < line.count, unsafe line[index] == UInt8(ascii: ">") { start = index + 1 }
        }
        // HAProxy's own date (`format iso`), or that of a syslog daemon, which a host name and a tag follow.
        let date = unsafe endOfDate(line, from: start)
        // `haproxy[123]:` at the end of a date and a host name: six words of the old form, three of the new.
        var words = LogWords(position: start)
        for place in 0..<6 {
            guard let word = unsafe words.next(line) else { break }
            if place == (date == nil ? 1 : 2), unsafe line[word.lowerBound] == UInt8(ascii: "[") { break }
            if unsafe isTag(line, word) { return word.upperBound }
        }
        return date ?? start
    }

    /// Where a date such as `2026-11-26T00:10:53.227139+00:00` ends; nil where none begins here.
    private static func endOfDate(_ line: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let form: StaticString = "0000-00-00T00:00:00"
        let count = form.utf8CodeUnitCount
        guard line.count - start > count else { return nil }
        for index in 0..<count {
            let (wanted, found) = unsafe (form.utf8Start[index], line[start + index])
            guard wanted == UInt8(ascii: "0") ? isDigit(found) : found == wanted else { return nil }
        }
        let rest = unsafe line[(start + count)...]
        return unsafe rest.firstIndex(of: UInt8(ascii: " "))
    }

    /// Whether a word is a program's name with its process id in brackets and a colon.
    private static func isTag(_ line: UnsafeRawBufferPointer, _ word: Range<Int>) -> Bool {
        guard word.count > 4, unsafe line[word.upperBound - 1] == UInt8(ascii: ":"),
            unsafe line[word.upperBound - 2] == UInt8(ascii: "]")
        else { return false }
        var index = word.upperBound - 3
        while index > word.lowerBound, unsafe isDigit(line[index]) { index -= 1 }
        return unsafe index > word.lowerBound && index < word.upperBound - 3 && line[index] == UInt8(ascii: "[")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static let vocabulary: [StaticString] = [
        "Proxy", "Server", "Backup", "Health", "check", "for", "backup", "server", "backend", "frontend", "proxy",
        "Starting", "Started", "Stopping", "Stopped", "Pausing", "Paused", "Resuming", "Resumed", "Enabling",
        "Disabling",
        "Failed", "to", "start", "stop", "pause", "resume",
    ]

    private static func isVocabulary(_ line: UnsafeRawBufferPointer, _ word: Range<Int>) -> Bool {
        guard let start = line.baseAddress else { return false }
        return vocabulary.contains { known in
            guard known.utf8CodeUnitCount == word.count else { return false }
            return unsafe memcmp(start + word.lowerBound, known.utf8Start, word.count) == 0
        }
    }
}

/// The words of a line, one after the other.
private struct LogWords {
    var position: Int

    mutating func next(_ line: UnsafeRawBufferPointer) -> Range<Int>? {
        let space = UInt8(ascii: " ")
        while position < line.count, unsafe line[position] == space { position += 1 }
        guard position < line.count, let base = line.baseAddress else { return nil }
        let start = position
        let end = unsafe memchr(base + start, Int32(space), line.count - start)
        position = unsafe end.map { unsafe UnsafeRawPointer($0) - base } ?? line.count
        return start..<position
    }
}
