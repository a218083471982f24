// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Says which proxy a line of HAProxy's log belongs to, by the field that has the proxy's name and by nothing else:
/// what clients and nodes send is in the line too.
struct LogLineSelector: Sendable {
    private let frontend: [UInt8]
    private let backend: [UInt8]
    /// The field is found within this many bytes of a line, whatever follows.
    static let headLimit = 1024

    init(_ metered: MeteredProtocol) {
        let name = ProxyName(metered)
        frontend = Array(name.frontend.utf8)
        backend = Array(name.backend.utf8)
    }

    /// Whether a line belongs to the proxy.
    ///
    /// - Parameter line: The line, with or without its newline, or its first ``headLimit`` bytes at least.
    func selects(_ line: Span<UInt8>) -> Bool {
        let hasNewline = line.count > 0 && line[line.count - 1] == UInt8(ascii: "\n")
        let line = line.extracting(first: min(hasNewline ? line.count - 1 : line.count, Self.headLimit))
        guard let field = Self.field(of: line) else { return false }
        return matches(line, field, frontend) || matches(line, field, backend)
    }

    /// Compares the field up to what may follow a proxy's name: `~` marks TLS, `/` begins a server or a listener.
    private func matches(_ line: Span<UInt8>, _ field: Range<Int>, _ name: [UInt8]) -> Bool {
        guard field.count >= name.count else { return false }
        for index in name.indices where line[field.lowerBound + index] != name[index] { return false }
        guard field.count > name.count else { return true }
        switch line[field.lowerBound + name.count] {
        case UInt8(ascii: "/"), UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: ","): return true
        // The full stop of a sentence.
        case UInt8(ascii: "."): return field.count == name.count + 1
        default: return false
        }
    }

    /// The word that names the proxy, with what is attached to it.
    private static func field(of line: Span<UInt8>) -> Range<Int>? {
        var words = Words(position: messageStart(of: line))
        guard let first = words.next(line) else { return nil }
        guard let second = words.next(line) else { return first }
        // A request, a connection or a failed one: who, [when], and then which front end.
        if line[second.lowerBound] == UInt8(ascii: "[") { return words.next(line) }
        // A sentence about a proxy or a server, which begins with words that HAProxy always uses.
        guard isVocabulary(line, first) else { return first }
        var word: Range<Int>? = second
        while let current = word, isVocabulary(line, current) { word = words.next(line) }
        return word
    }

    /// Where HAProxy's own text begins, behind whatever a syslog daemon has put before it.
    private static func messageStart(of line: Span<UInt8>) -> Int {
        var start = 0
        // <134>
        if line.count > 2, line[0] == UInt8(ascii: "<") {
            var index = 1
            while index < min(line.count, 5), line[index] &- UInt8(ascii: "0") < 10 { index += 1 }
            if index < line.count, line[index] == UInt8(ascii: ">") { start = index + 1 }
        }
        // `haproxy[123]:` at the end of a date and a host name: six words of the old form, three of the new.
        var words = Words(position: start)
        for place in 0..<6 {
            guard let word = words.next(line) else { break }
            if place == 1, line[word.lowerBound] == UInt8(ascii: "[") { break }
            if isTag(line, word) { return word.upperBound }
        }
        return start
    }

    /// Whether a word is a program's name with its process id in brackets and a colon.
    private static func isTag(_ line: Span<UInt8>, _ word: Range<Int>) -> Bool {
        guard word.count > 4, line[word.upperBound - 1] == UInt8(ascii: ":"),
            line[word.upperBound - 2] == UInt8(ascii: "]")
        else { return false }
        var index = word.upperBound - 3
        while index > word.lowerBound, line[index] &- UInt8(ascii: "0") < 10 { index -= 1 }
        return index > word.lowerBound && index < word.upperBound - 3 && line[index] == UInt8(ascii: "[")
    }

    private static let vocabulary: [StaticString] = [
        "Proxy", "Server", "Backup", "Health", "check", "for", "backup", "server", "backend", "frontend", "proxy",
        "Starting", "Started", "Stopping", "Stopped", "Pausing", "Paused", "Resuming", "Resumed", "Enabling",
        "Disabling",
        "Failed", "to", "start", "stop", "pause", "resume",
    ]

    private static func isVocabulary(_ line: Span<UInt8>, _ word: Range<Int>) -> Bool {
        vocabulary.contains { known in
            guard known.utf8CodeUnitCount == word.count else { return false }
            return known.withUTF8Buffer { expected in
                for index in 0..<word.count where unsafe expected[index] != line[word.lowerBound + index] {
                    return false
                }
                return true
            }
        }
    }

    /// The words of a line, one after the other.
    private struct Words {
        var position: Int

        mutating func next(_ line: Span<UInt8>) -> Range<Int>? {
            let space = UInt8(ascii: " ")
            while position < line.count, line[position] == space { position += 1 }
            let start = position
            while position < line.count, line[position] != space { position += 1 }
            return position > start ? start..<position : nil
        }
    }
}
