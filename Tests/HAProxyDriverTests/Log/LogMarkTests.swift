// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogFiles
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import HAProxyDriver

/// A mark whose content is partly missing repeats no line, and loses none that is still in a file.
@Suite(.ownThread)
struct LogMarkTests {
    /// The mark is after 700 lines, about 1.5 files of the minimum size.
    @Test(arguments: [false, true], ["2", "1"])
    func theFileThatBeginsTheMarkedContentIsDropped(isCompressed: Bool, version: String) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<700))
            let mark = LogMark(version + (try #require(log.opened().end?.text)).dropFirst())
            try log.append(RotatedLog.lines(700..<1500))
            try await log.rotation(count: 100).rotateIfNeeded()
            try log.remove("haproxy.log" + LogFileName.suffix(1))
            if isCompressed { try log.compress("haproxy.log" + LogFileName.suffix(2)) }
            #expect(try log.text(after: mark) == RotatedLog.lines(700..<1500))
            #expect(log.warnings.lines.isEmpty)
        }
    }

    @Test func thePlaceItselfIsDropped() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<700))
            let mark = try log.opened().end
            try log.append(RotatedLog.lines(700..<3000))
            try await log.rotation(count: 100).rotateIfNeeded()
            for number in 1...2 { try log.remove("haproxy.log" + LogFileName.suffix(number)) }
            let found = try log.text(after: mark)
            #expect(try found == log.text() && !found.isEmpty)
            #expect(log.warnings.lines.count == 1 && log.warnings.lines[0].contains("may be lost"))
        }
    }

    /// Archives and rotations that keep two files, in any order: a line is lost only if the agent reports it.
    @Test(arguments: Seeds.first(10))
    func noLineComesTwice(seed: UInt64) async throws {
        try await withRotatedLog { log in
            var random = SeededGenerator(seed: seed)
            var (number, archived) = (0, "")
            var mark: LogMark?
            try log.write("")
            for _ in 0..<40 {
                let count = random.pick([1, 10, 100, 700])
                await Task.yield()
                switch random.below(4) {
                case 0...1:
                    try log.append(RotatedLog.lines(number..<number + count))
                    number += count
                case 2: try await log.rotation(count: 2).rotateIfNeeded()
                default:
                    let opened = try log.opened()
                    archived += try RotatedLog.text(opened, LogPart(.http, after: mark, upTo: opened.end))
                    mark = opened.end
                }
            }
            let lines = archived.split(separator: "\n")
            let numbers = lines.compactMap { $0.split(separator: "/").last.flatMap { Int($0.dropLast()) } }
            #expect(numbers.count == lines.count && zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }, "\(seed)")
            let isLossNamed = log.warnings.lines.contains { $0.contains("are lost") || $0.contains("may be lost") }
            #expect(isLossNamed || numbers == Array(0..<(numbers.last.map { $0 + 1 } ?? 0)), "\(seed)")
        }
    }

    /// After a power failure, unflushed data is lost: the file is shorter, or ends with NULs.
    @Test(arguments: ["shorter", "half a line", "NULs", "renamed"])
    func aLogThatHasLostItsEndIsNotArchivedAgain(kind: String) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<700))
            let mark = try log.opened().end
            let left = UInt64(RotatedLog.lines(0..<500).utf8.count)
            let size = UInt64(RotatedLog.lines(0..<700).utf8.count)
            let handle = try FileHandle(forWritingTo: log.path)
            try handle.truncate(atOffset: left + (kind == "half a line" ? 30 : 0))
            if kind == "NULs" { try handle.truncate(atOffset: size) }
            try handle.close()
            #expect(try log.text(after: mark) == "")
            #expect(log.warnings.lines.count == 1 && log.warnings.lines[0].contains("has lost lines"))
            if kind == "half a line" { try log.append("\n") }
            if kind == "renamed" { try log.move("haproxy.log", to: "haproxy.log.1") }
            let next = try log.opened().end
            try log.append(RotatedLog.lines(700..<1500))
            #expect(try log.text(after: next) == RotatedLog.lines(700..<1500))
        }
    }

    /// copytruncate copied the file before its last archived lines were written.
    @Test(arguments: [false, true])
    func aCopyThatEndsBeforeTheMarkIsNotArchivedAgain(isCompressed: Bool) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<500))
            try log.copy("haproxy.log", to: "haproxy.log.1")
            try log.append(RotatedLog.lines(500..<520))
            let mark = try log.opened().end
            try log.truncate()
            if isCompressed { try log.compress("haproxy.log.1") }
            try log.append(RotatedLog.lines(600..<700))
            #expect(try log.text(after: mark) == RotatedLog.lines(600..<700))
        }
    }

    /// A power failure truncates a log that the agent has partly rotated.
    @Test func rotatedPiecesThatHaveLostTheirEndAreNotArchivedAgain() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<1000))
            let mark = try log.opened().end
            try await log.rotation().rotateIfNeeded()
            let handle = try FileHandle(forWritingTo: log.path)
            try handle.truncate(atOffset: UInt64(RotatedLog.lines(0..<990).utf8.count))
            try handle.close()
            #expect(try log.text(after: mark) == "")
            #expect(log.warnings.lines.count == 1 && log.warnings.lines[0].contains("has lost lines"))
        }
    }
}
