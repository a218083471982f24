// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogFiles
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import HAProxyDriver

/// Every line of all files of a log, once and in order, at any moment of a rotation.
@Suite(.ownThread)
struct LogRotationTests {
    @Test func filesComeFromTheOldestToTheNewest() async throws {
        try await withRotatedLog { log in
            for (index, name) in ["haproxy.log.10", "haproxy.log.9", "haproxy.log.2", "haproxy.log.1", "haproxy.log"]
                .enumerated()
            {
                try log.write(RotatedLog.lines(index * 10..<index * 10 + 10), to: name)
            }
            try log.compress("haproxy.log.10")
            try log.compress("haproxy.log.2")
            for name in [
                "haproxy.logs", "other.log", "haproxy.log.rotating", "haproxy-errors.log", "haproxy-start.log",
                "haproxy.log1", "haproxy.logé",
            ] {
                try log.write(RotatedLog.lines(900..<910), to: name)
            }
            #expect(try log.text() == RotatedLog.lines(0..<50))
            #expect(log.warnings.lines.isEmpty)
        }
    }

    /// Files with unknown names are ordered by their first lines.
    @Test(arguments: [
        ["-202609", "-202610", ".1"], ["-2026-09", "-2026-10", ".2.gz", ".1.gzip"], ["-2026W46", "-2026W47"],
        ["_030552+0100", "_040552+0100"], [".2026-11-25T03:05:52Z", ".2026-11-26T03:05:52Z"],
        [".20261125.2", ".20261125.1", ".20261126.1"], [".bak", ".old", "-1"], [".2.rot", ".1.rot", ".1.log"],
        [".old.gz", "~"], [".", "-draft"],
    ])
    func filesWithAnyEndingAreRead(endings: [String]) async throws {
        try await withRotatedLog { log in
            for (index, ending) in endings.enumerated() {
                let name = "haproxy.log" + ending
                let lines = RotatedLog.lines(index * 30..<index * 30 + 30)
                if ending.hasSuffix(".gz") || ending.hasSuffix(".gzip") {
                    try Data(RotatedLog.gzip(lines)).write(to: log.url(name))
                } else {
                    try log.write(lines, to: name)
                }
            }
            try log.write(RotatedLog.lines(endings.count * 30..<endings.count * 30 + 10))
            let opened = try log.opened()
            let expected = RotatedLog.lines(0..<endings.count * 30 + 10)
            #expect(try RotatedLog.text(opened, LogPart(.http)) == expected && opened.leftOut.isEmpty)
            try LogRemoval(log.files(), log.errors).run()
            #expect(try log.names() == [])
        }
    }

    @Test(arguments: ["haproxy-202610.log", "haproxy-2026W47.log", "haproxy.old.log"])
    func anyEndingMayBeBeforeTheExtension(name: String) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<10), to: name)
            try log.write(RotatedLog.lines(10..<20))
            #expect(try log.text() == RotatedLog.lines(0..<20))
        }
    }

    /// An operator or copytruncate made a copy; a newer rotated file may be between it and the log.
    @Test(arguments: ["of the log", "of a rotated file", "of the beginning of the log"])
    func aCopyIsReadOnce(kind: String) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<500), to: "haproxy.log.1")
            try log.write(RotatedLog.lines(500..<1000))
            switch kind {
            case "of the log": try log.copy("haproxy.log", to: "haproxy.log.2")
            case "of a rotated file": try log.copy("haproxy.log.1", to: "haproxy.log.bak")
            default: try log.write(RotatedLog.lines(500..<700), to: "haproxy.log.old")
            }
            #expect(try log.text() == RotatedLog.lines(0..<1000))
        }
    }

    @Test(arguments: [
        ["haproxy.log-20261121", "haproxy.log-20261122", "haproxy.log-20261123", "haproxy.log"],
        [
            "haproxy.log-20251231-1767139200", "haproxy.log-20261123-1795400000", "haproxy.log-20261123-1795400100",
            "haproxy.log",
        ],
        ["haproxy.log-2026112304", "haproxy.log-2026112305", "haproxy.log-2026112323", "haproxy.log"],
        ["haproxy.log-2026-11-09", "haproxy.log-2026-11-10", "haproxy.log-2026-12-01", "haproxy.log"],
    ])
    func datedFilesComeInOrder(names: [String]) async throws {
        try await withRotatedLog { log in
            for (index, name) in names.enumerated() {
                try log.write(RotatedLog.lines(index * 10..<index * 10 + 10), to: name)
                if index < 2 { try log.compress(name) }
            }
            #expect(try log.text() == RotatedLog.lines(0..<40))
        }
    }

    @Test func theTwinThatIsBeingCompressedIsLeftOut() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<1000), to: "haproxy.log.1")
            try log.write(RotatedLog.lines(1000..<1010))
            let whole = RotatedLog.gzip(RotatedLog.lines(0..<1000))
            try Data(whole.prefix(whole.count / 2)).write(to: log.url("haproxy.log.1.gz"))
            #expect(try log.text() == RotatedLog.lines(0..<1010))
        }
    }

    @Test func aSecondNameOfAFileIsNoSecondFile() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<10))
            try FileManager.default.linkItem(at: log.path, to: log.url("haproxy.log.1"))
            #expect(try log.text() == RotatedLog.lines(0..<10))
        }
    }

    /// Between the copy and the truncation by copytruncate, each line exists twice.
    @Test(arguments: [1, 10, 100, 500])
    func theCopyThatIsBeingMadeIsLeftOut(copied: Int) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<500))
            try log.write(RotatedLog.lines(0..<copied), to: "haproxy.log.1")
            #expect(try log.text() == RotatedLog.lines(0..<500))
        }
    }

    @Test func paddingBehindTheLastMemberIsNothing() async throws {
        try await withRotatedLog { log in
            let bytes = RotatedLog.gzip(RotatedLog.lines(0..<10)) + [UInt8](repeating: 0, count: 100_000)
            try Data(bytes).write(to: log.url("haproxy.log.1.gz"))
            #expect(try log.text() == RotatedLog.lines(0..<10))
        }
    }

    @Test func whatIsRotatedCompressedOrRemovedAfterwardsIsReadAsItWas() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<300), to: "haproxy.log.1")
            try log.compress("haproxy.log.1")
            try log.write(RotatedLog.lines(300..<600))
            let opened = try log.opened()
            try log.append(RotatedLog.lines(600..<700))
            try log.move("haproxy.log", to: "haproxy.log.2")
            try log.compress("haproxy.log.2")
            try log.remove("haproxy.log.1.gz")
            try log.write(RotatedLog.lines(700..<800))
            for _ in 0..<2 { #expect(try RotatedLog.text(opened, LogPart(.http)) == RotatedLog.lines(0..<600)) }
        }
    }

    /// copytruncate runs while a long log is being read.
    @Test(arguments: ["plain", "compressed", "grown again"])
    func aLogThatIsEmptiedWhileItIsReadIsReadOnInItsCopy(kind: String) async throws {
        try await withRotatedLog { log in
            let text = RotatedLog.lines(0..<20_000)
            try log.write(text)
            let opened = try log.opened()
            let reader = try opened.makeReader(of: [LogPart(.http)])
            var blocks = [LogBlock()]
            _ = try reader.next(into: &blocks)
            #expect(!blocks[0].bytes.isEmpty && blocks[0].bytes.count < text.utf8.count / 2)
            try log.copy("haproxy.log", to: "haproxy.log.1")
            try log.truncate()
            try log.append(RotatedLog.lines(50_000..<(kind == "grown again" ? 90_000 : 50_010)))
            if kind == "compressed" { try log.compress("haproxy.log.1") }
            while try reader.next(into: &blocks) != nil {}
            #expect(String(decoding: blocks[0].bytes, as: UTF8.self) == text)
            #expect(blocks[0].lineCount == 20_000 && log.warnings.lines.isEmpty)
            // A restarted upload reads it from the beginning.
            #expect(try RotatedLog.text(opened, LogPart(.http)) == text)
        }
    }

    @Test func withoutACopyWhatIsLostIsSaid() async throws {
        try await withRotatedLog { log in
            let text = RotatedLog.lines(0..<20_000)
            try log.write(text)
            let reader = try log.opened().makeReader(of: [LogPart(.http)])
            var blocks = [LogBlock()]
            _ = try reader.next(into: &blocks)
            try log.truncate()
            try log.append(RotatedLog.lines(50_000..<90_000))
            while try reader.next(into: &blocks) != nil {}
            let found = String(decoding: blocks[0].bytes, as: UTF8.self)
            #expect(text.hasPrefix(found) && found.last == "\n")
            #expect(log.warnings.lines.count == 1 && log.warnings.lines[0].contains("file.lost_bytes"))
        }
    }

    @Test func anyBytesMayBeInALine() async throws {
        try await withRotatedLog { log in
            let http = Array(RotatedLog.line(1).utf8)
            let long = http + [UInt8](repeating: 0x61, count: 3_000_000) + [0x0A]
            let other = Array(RotatedLog.line(2, .tcp).utf8) + [UInt8](repeating: 0x62, count: 1_500_000) + [0x0A]
            let strange = http + [0x00, 0xFF, 0xFE, 0x80, 0x00] + [0x0A]
            let nothing = [UInt8](repeating: 0, count: 700_000) + [0x0A, 0x0A, 0x0D, 0x0A]
            let last = Array(RotatedLog.line(3).utf8)
            try Data(long + other + strange + nothing + other + last).write(to: log.path)
            let opened = try log.opened()
            let blocks = try opened.lines(of: [LogPart(.http), LogPart(.tcp)])
            #expect(blocks[0].bytes == long + strange, "HAProxy has not finished the last line")
            #expect(blocks[1].bytes == other + other)
            #expect(blocks.map(\.lineCount) == [2, 2])
            let complete = try opened.lines(of: [LogPart(.http, upTo: opened.end)])
            #expect(complete[0].bytes == long + strange, "a line without an end is not counted yet")
        }
    }
}
