// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers

/// Generates valid JSON documents, and corrupts some of them.
struct DocumentGenerator {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// A valid document: an object.
    mutating func document() -> String { space() + object(depth: 0) + space() }

    /// An object whose members have different names.
    mutating func object(depth: Int) -> String {
        let members = (0..<random.below(6)).map { index in
            "\(space())\(string(prefix: "\(index)"))\(space()):\(value(depth: depth + 1))"
        }
        return "{" + members.joined(separator: ",") + "\(space())}"
    }

    mutating func value(depth: Int) -> String {
        let text =
            switch random.below(depth > 5 ? 6 : 9) {
            case 0: "null"
            case 1: "true"
            case 2: "false"
            case 3: number()
            case 4, 5: string()
            case 6, 7: object(depth: depth)
            default:
                "[" + (0..<random.below(5)).map { _ in value(depth: depth + 1) }.joined(separator: ",") + space() + "]"
            }
        return space() + text + space()
    }

    mutating func number() -> String {
        var text = random.isLucky(oneIn: 3) ? "-" : ""
        text += random.isLucky(oneIn: 4) ? "0" : "\(1 + random.below(9))" + digits(random.below(14))
        let hasFraction = random.isLucky(oneIn: 3)
        if hasFraction { text += "." + digits(1 + random.below(12)) }
        // Foundation, the reference, rejects an exponent directly after a zero.
        if hasFraction || text.last != "0", random.isLucky(oneIn: 4) {
            text += random.pick(["e", "E", "e+", "E-"]) + digits(1 + random.below(2))
        }
        return text
    }

    mutating func string(prefix: String = "") -> String {
        let pieces = [
            "a", "Z", "0", " ", "/", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0000", "\\u001f",
            "\\u00e9", "\\u20AC", "\\uD83D\\uDE00", "\\uffff", "é", "e\u{301}", "€", "😀", "\u{7F}", "\u{2028}", "{",
            "}",
            "[", "]", ",", ":", "'", "#", "null",
        ]
        return "\"" + prefix + (0..<random.below(8)).map { _ in random.pick(pieces) }.joined() + "\""
    }

    /// The document with a few bytes removed, inserted, duplicated or changed.
    mutating func spoiled(_ document: String) -> [UInt8] {
        var bytes = Array(document.utf8)
        let harmful = Array("{}[]\",:\\eE.+-019tfnul u/\n".utf8) + [0x00, 0x1F, 0x7F, 0x80, 0xC0, 0xED, 0xF5, 0xFF]
        for _ in 0...random.below(3) where !bytes.isEmpty {
            let place = random.below(bytes.count)
            switch random.below(5) {
            case 0: bytes.remove(at: place)
            case 1: bytes.insert(random.pick(harmful), at: place)
            case 2: bytes[place] = random.pick(harmful)
            case 3: bytes.insert(contentsOf: bytes[place..<min(place + 1 + random.below(9), bytes.count)], at: place)
            default: bytes.removeSubrange(place..<min(place + random.below(12), bytes.count))
            }
        }
        return bytes
    }

    private mutating func space() -> String { random.pick(["", "", "", "", " ", "\n", "\t\r ", "  "]) }

    private mutating func digits(_ count: Int) -> String { (0..<count).map { _ in "\(random.below(10))" }.joined() }
}
