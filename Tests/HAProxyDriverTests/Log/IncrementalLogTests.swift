// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogFiles
import Logging
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import HAProxyDriver

/// Incremental archives contain every line once, whatever happens to the files in between.
@Suite(.ownThread)
struct IncrementalLogTests {
    @Test(arguments: Seeds.first(25))
    func everyLineComesOnce(seed: UInt64) async throws {
        try await withRotatedLog { log in
            var life = LogLife(log: log, seed: seed)
            for _ in 0..<60 {
                try life.step()
                // Yields, since other tests wait for results on the same few threads.
                await Task.yield()
            }
            try life.finish()
            for proxyKind in ProxyKind.allCases {
                // Compared before the expectation, since the texts are long.
                let isSame = life.archived[proxyKind] == life.written[proxyKind]
                #expect(isSame, "seed \(seed): \(life.difference(proxyKind)) after \(life.steps)")
            }
            #expect(log.warnings.lines.isEmpty, "seed \(seed): \(life.steps)")
        }
    }

    @Test func aMarkOfALogThatIsGoneIsSaid() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<100))
            let mark = try log.opened().end
            try log.truncate()
            try log.append(RotatedLog.lines(100..<200))
            #expect(try RotatedLog.text(log.opened(), LogPart(.http, after: mark)) == RotatedLog.lines(100..<200))
            #expect(log.warnings.lines.count == 1)
        }
    }

    @Test func theSameRangeIsTheSameLinesAfterARotation() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<100))
            let first = try log.opened().end
            try log.append(RotatedLog.lines(100..<200))
            let second = try log.opened().end
            try log.append(RotatedLog.lines(200..<300))
            try log.copy("haproxy.log", to: "haproxy.log.1")
            try log.truncate()
            try log.compress("haproxy.log.1")
            try log.append(RotatedLog.lines(300..<400))
            let opened = try log.opened()
            let parts = [LogPart(.http, after: first, upTo: second), LogPart(.http, after: second), LogPart(.http)]
            let texts = try opened.lines(of: parts).map { String(decoding: $0.bytes, as: UTF8.self) }
            #expect(texts[0] == RotatedLog.lines(100..<200))
            #expect(texts[1] == RotatedLog.lines(200..<400))
            #expect(texts[2] == RotatedLog.lines(0..<400))
        }
    }

    @Test func theHoleThatHAProxyLeavesIsNoPartOfALine() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<2000))
            let mark = try log.opened().end
            for round in 1..<4 {
                try log.copy("haproxy.log", to: "haproxy.log.\(4 - round)")
                try log.truncate(leavesHole: true)
                try log.append(RotatedLog.lines(round * 2000..<round * 2000 + 1000))
            }
            #expect(
                try log.text()
                    == (0..<4).map { RotatedLog.lines($0 * 2000..<$0 * 2000 + ($0 == 0 ? 2000 : 1000)) }.joined()
            )
            let new = try RotatedLog.text(log.opened(), LogPart(.http, after: mark))
            #expect(new == (1..<4).map { RotatedLog.lines($0 * 2000..<$0 * 2000 + 1000) }.joined())
        }
    }

    @Test(arguments: ["", "3", "1 x", "2 x", "1 1:2:3:4:5:6", "1 1:2:-3:4:0000000000000000:0000000000000000", "empty"])
    func aForeignMarkIsRefused(text: String) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<10))
            let opened = try log.opened()
            let error = #expect(throws: DriverError.self) {
                _ = try opened.makeReader(of: [LogPart(.http, after: LogMark(text))])
            }
            #expect(error?.code == .stateUnreadable)
        }
    }
}

/// A log in use: it is written, rotated, compressed, removed and archived at random.
private struct LogLife {
    let log: RotatedLog
    private(set) var archived: [ProxyKind: String] = [.http: "", .tcp: ""]
    private(set) var written: [ProxyKind: String] = [.http: "", .tcp: ""]
    private(set) var steps: [String] = []
    private var random: SeededGenerator
    private var marks: [ProxyKind: LogMark] = [:]
    private var number = 0
    private var half: String?
    private let keepsCopies: Bool
    private let isDated: Bool
    private let leavesHoles: Bool
    private var date = 20_261_101
    /// The names of the rotated files, the newest first, without `.gz`.
    private var rotated: [String] = []

    init(log: RotatedLog, seed: UInt64) {
        self.log = log
        random = SeededGenerator(seed: seed)
        keepsCopies = random.isLucky(oneIn: 2)
        isDated = random.isLucky(oneIn: 2)
        leavesHoles = random.isLucky(oneIn: 2)
    }

    mutating func step() throws {
        switch random.below(10) {
        case 0...3: try append(lines: random.pick([1, 2, 7, 100, 2000]))
        case 4, 5: try rotate()
        case 6: try compressSome()
        case 7: try removeOldest()
        default: try archive(random.pick(ProxyKind.allCases))
        }
    }

    mutating func finish() throws {
        repeat { try append(lines: 1) } while half != nil
        for proxyKind in ProxyKind.allCases { try archive(proxyKind) }
    }

    /// The first line that differs.
    func difference(_ proxyKind: ProxyKind) -> String {
        let lines = [archived, written].map { ($0[proxyKind] ?? "").split(separator: "\n") }
        let index =
            zip(lines[0], lines[1]).enumerated().first { $1.0 != $1.1 }?.offset ?? min(lines[0].count, lines[1].count)
        return "line \(index) of \(lines.map(\.count)): \(lines.map { $0.dropFirst(index).first ?? "none" })"
    }

    private mutating func append(lines: Int) throws {
        steps.append("append \(lines)")
        var text = half ?? ""
        half = nil
        for _ in 0..<lines {
            number += 1
            let proxyKind = random.pick(ProxyKind.allCases)
            let line = RotatedLog.line(number, proxyKind) + "\n"
            written[proxyKind, default: ""] += line
            text += line
        }
        try log.append(text)
        // Sometimes a line is written in two halves.
        guard random.isLucky(oneIn: 5) else { return }
        number += 1
        let line = RotatedLog.line(number) + "\n"
        written[.http, default: ""] += line
        let middle = line.index(line.startIndex, offsetBy: random.below(line.count))
        try log.append(String(line[..<middle]))
        half = String(line[middle...])
    }

    private mutating func rotate() throws {
        // A rotation would split an incomplete line: HAProxy writes each line at once.
        if half != nil { try append(lines: 0) }
        guard half == nil, FileManager.default.fileExists(atPath: log.path.path) else { return }
        steps.append("rotate")
        let name = try isDated ? nextDate() : shiftNumbers()
        rotated.insert(name, at: 0)
        if keepsCopies {
            try log.copy("haproxy.log", to: name)
            // An archive may run between the two.
            if random.isLucky(oneIn: 3) { try archive(random.pick(ProxyKind.allCases)) }
            try log.truncate(leavesHole: leavesHoles)
        } else {
            try log.move("haproxy.log", to: name)
            if random.isLucky(oneIn: 3) { try archive(random.pick(ProxyKind.allCases)) }
            try log.write("")
        }
    }

    private mutating func nextDate() -> String {
        date += 1
        return "haproxy.log-\(date)"
    }

    private mutating func shiftNumbers() throws -> String {
        for (index, name) in rotated.enumerated().reversed() {
            let new = "haproxy.log.\(index + 2)"
            for suffix in ["", ".gz"] where exists(name + suffix) { try log.move(name + suffix, to: new + suffix) }
            rotated[index] = new
        }
        return "haproxy.log.1"
    }

    private mutating func compressSome() throws {
        guard let name = rotated.filter({ exists($0) }).randomElement(using: &random) else { return }
        steps.append("compress \(name)")
        try log.compress(name)
    }

    /// Removes the files that logrotate has kept long enough and that both have archived.
    private mutating func removeOldest() throws {
        guard rotated.count > 1, let name = rotated.last else { return }
        for proxyKind in ProxyKind.allCases { try archive(proxyKind) }
        steps.append("remove \(name)")
        for suffix in ["", ".gz"] where exists(name + suffix) { try log.remove(name + suffix) }
        rotated.removeLast()
    }

    private func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: log.url(name).path) }

    private mutating func archive(_ proxyKind: ProxyKind) throws {
        steps.append("archive \(proxyKind)")
        let opened = try log.opened()
        let part = LogPart(proxyKind, after: marks[proxyKind], upTo: opened.end)
        archived[proxyKind, default: ""] += try RotatedLog.text(opened, part)
        marks[proxyKind] = opened.end
    }
}
