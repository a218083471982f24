// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// A line of HAProxy's log that belongs to a proxy of this driver.
///
/// A request line has the accept date in brackets, followed by a proxy's name, after any program's header. Only the
/// first date counts, since the client's request is later in the line. HAProxy's own messages are identified by their
/// text at the beginning of the message: a node's response is later in the line.
struct HAProxyLine: Hashable, Sendable {
    /// The fields are within this many bytes of a line, whatever follows.
    static let headLimit = 1024

    /// The load balancer of the proxy.
    struct Owner: Hashable, Sendable {
        let proxyKind: ProxyKind
        /// The place of the load balancer's id in the line; nil for the only one of its kind.
        let id: Range<Int>?
    }

    /// The load balancer of the proxy.
    let owner: Owner
    /// The index of the accept date; nil for a message from HAProxy itself.
    let acceptDate: Int?

    /// Parses a line.
    ///
    /// - Parameter line: The line without its newline, or at least its first ``headLimit`` bytes.
    /// - Returns: nil for a line that belongs to no proxy.
    init?(_ line: UnsafeRawBufferPointer) {
        let line = unsafe UnsafeRawBufferPointer(rebasing: line.prefix(Self.headLimit))
        let date = unsafe AcceptDate.find(in: line)
        let head = unsafe UnsafeRawBufferPointer(rebasing: line[..<(date ?? line.count)])
        if unsafe date == nil || !Self.isClientAlone(head) {
            switch unsafe HAProxySentence.find(in: head) {
            case .of(let owner):
                self.init(owner: owner, acceptDate: nil)
                return
            case .ofOther: return nil
            case .none: break
            }
        }
        guard let date, date + AcceptDate.size < line.count,
            unsafe LogWords.isWhiteSpace(line[date + AcceptDate.size])
        else { return nil }
        var words = LogWords(position: date + AcceptDate.size)
        guard let word = unsafe words.next(line), let owner = unsafe Self.owner(named: word, in: line) else {
            return nil
        }
        self.init(owner: owner, acceptDate: date)
    }

    /// Whether only the client's address precedes the accept date, after at most HAProxy's own date.
    ///
    /// This holds for most lines, which then need no search for a message.
    private static func isClientAlone(_ head: UnsafeRawBufferPointer) -> Bool {
        guard let base = head.baseAddress, head.count > 1, unsafe LogWords.isDigit(head[0]) else { return false }
        let space = Int32(UInt8(ascii: " "))
        guard let first = unsafe memchr(base, space, head.count - 1) else { return true }
        let second = unsafe UnsafeRawPointer(first) - base + 1
        guard second > 19, second < head.count - 1, unsafe head[10] == UInt8(ascii: "T"),
            unsafe LogWords.isDigit(head[second])
        else {
            return false
        }
        return unsafe memchr(base + second, space, head.count - 1 - second) == nil
    }

    private init(owner: Owner, acceptDate: Int?) {
        self.owner = owner
        self.acceptDate = acceptDate
    }

    /// The load balancer of the proxy that a word of a line names: `http-in`, `http-web-in`, or a back end.
    static func owner(named word: Range<Int>, in line: UnsafeRawBufferPointer) -> Owner? {
        guard word.count > 5 else { return nil }
        switch unsafe line[word.lowerBound] {
        case UInt8(ascii: "h"): return unsafe owner(.http, "http-", word, line)
        case UInt8(ascii: "t"): return unsafe owner(.tcp, "tcp-", word, line)
        default: return nil
        }
    }

    private static func owner(
        _ kind: ProxyKind,
        _ start: StaticString,
        _ word: Range<Int>,
        _ line: UnsafeRawBufferPointer
    ) -> Owner? {
        guard unsafe LogWords.hasPrefix(start, line, at: word.lowerBound, to: word.upperBound) else { return nil }
        let end = unsafe endOfName(word, line)
        let rest = word.lowerBound + start.utf8CodeUnitCount
        for name in [frontendEnd, backendEnd] {
            let count = name.utf8CodeUnitCount
            // Without an id, the hyphen is that of `http-`.
            if unsafe end - rest == count - 1 && LogWords.hasPrefix(name, line, at: rest - 1, to: end) {
                return Owner(proxyKind: kind, id: nil)
            }
            if unsafe end - rest > count && LogWords.hasPrefix(name, line, at: end - count, to: end) {
                return Owner(proxyKind: kind, id: rest..<end - count)
            }
        }
        return nil
    }

    private static let frontendEnd: StaticString = "-in"
    private static let backendEnd: StaticString = "-servers"

    /// The end of a proxy's name: `~` marks TLS, `/` starts a server or a listener, `:` a pool, and a full stop ends a
    /// message.
    private static func endOfName(_ word: Range<Int>, _ line: UnsafeRawBufferPointer) -> Int {
        for index in word {
            switch unsafe line[index] {
            case UInt8(ascii: "/"), UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: ","): return index
            default: continue
            }
        }
        return unsafe line[word.upperBound - 1] == UInt8(ascii: ".") ? word.upperBound - 1 : word.upperBound
    }
}

/// The words of a line in order, separated by spaces and tabs.
struct LogWords {
    var position: Int

    mutating func next(_ line: UnsafeRawBufferPointer) -> Range<Int>? {
        unsafe skipWhiteSpace(line)
        let start = position
        while position < line.count, unsafe !Self.isWhiteSpace(line[position]) { position += 1 }
        return start < position ? start..<position : nil
    }

    mutating func skipWhiteSpace(_ line: UnsafeRawBufferPointer) {
        while position < line.count, unsafe Self.isWhiteSpace(line[position]) { position += 1 }
    }

    static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    static func hasPrefix(_ text: StaticString, _ line: UnsafeRawBufferPointer, at start: Int, to end: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard end - start >= count, let base = line.baseAddress else { return false }
        return unsafe memcmp(base + start, text.utf8Start, count) == 0
    }

    static func isEqual(_ text: StaticString, _ line: UnsafeRawBufferPointer, _ word: Range<Int>) -> Bool {
        unsafe word.count == text.utf8CodeUnitCount && hasPrefix(text, line, at: word.lowerBound, to: word.upperBound)
    }

    /// The value of a range of decimal digits.
    static func number(_ line: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int64 {
        var number: Int64 = 0
        for index in range { number = number &* 10 &+ Int64(unsafe line[index] &- UInt8(ascii: "0")) }
        return number
    }
}
