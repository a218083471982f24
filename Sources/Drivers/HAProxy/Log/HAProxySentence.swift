// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// HAProxy's messages about a proxy or server: `Server http-servers/1 is DOWN, …`, `Proxy tcp-in stopped …`.
enum HAProxySentence {
    enum Finding: Hashable, Sendable {
        case of(HAProxyLine.Owner)
        /// A message about another program's proxy.
        case ofOther
        case none
    }

    /// Finds a message after any header.
    ///
    /// - Parameter line: The line up to its accept date, if it has one.
    static func find(in line: UnsafeRawBufferPointer) -> Finding {
        var header = unsafe LogHeader(line: line)
        while let start = header.nextMessageStart() {
            let finding = unsafe read(line, at: start)
            if finding != .none { return finding }
        }
        return .none
    }

    /// Parses a message.
    private static func read(_ line: UnsafeRawBufferPointer, at start: Int) -> Finding {
        var words = LogWords(position: start)
        guard start < line.count, unsafe mayBegin(line[start]), let first = unsafe words.next(line) else {
            return .none
        }
        if let owner = unsafe HAProxyLine.owner(named: first, in: line) {
            // `http-servers/3 changed its IP from …`
            var rest = LogWords(position: first.upperBound)
            guard let verb = unsafe rest.next(line), unsafe LogWords.isEqual("changed", line, verb) else {
                return .none
            }
            return .of(owner)
        }
        guard unsafe isKnown(beginnings, line, first) else { return .none }
        var word = unsafe words.next(line)
        while let current = word, unsafe isKnown(middles, line, current) { word = unsafe words.next(line) }
        guard let word else { return .none }
        if let owner = unsafe HAProxyLine.owner(named: word, in: line) { return .of(owner) }
        // A host may be named `backend`; the tag of a syslog header follows it.
        return unsafe line[word.upperBound - 1] == UInt8(ascii: ":") ? .none : .ofOther
    }

    /// Rules out most other messages, such as those that start with a client's address.
    private static func mayBegin(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "h"),
            UInt8(ascii: "p"), UInt8(ascii: "t"):
            true
        default: false
        }
    }

    private static let beginnings: [StaticString] = [
        "Server", "Backup", "Health", "Agent", "Proxy", "backend", "frontend", "proxy", "Starting", "Started",
        "Stopping",
        "Stopped", "Pausing", "Paused", "Resuming", "Resumed", "Enabling", "Enabled", "Disabling", "Disabled", "Failed",
        "SIGHUP:", "SIGHUP", "Blocking", "Connect()", "Cannot",
    ]

    private static let middles: [StaticString] = [
        "Server", "Proxy", "server", "backup", "backend", "frontend", "proxy", "listener", "check", "for", "to",
        "start",
        "stop", "pause", "resume", "received,", "dumping", "servers", "states", "failed", "bind", "source", "tproxy",
        "address", "before", "connect()", "cacheable", "cookie", "in", "response", "from", "instance",
    ]

    private static func isKnown(_ known: [StaticString], _ line: UnsafeRawBufferPointer, _ word: Range<Int>) -> Bool {
        known.contains { unsafe LogWords.isEqual($0, line, word) }
    }
}
