// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogFiles
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import HAProxyDriver

/// The names, formats and folders of rotated files.
@Suite(.ownThread, .timeLimit(.minutes(2)))
struct LogFormatTests {
    /// Each list is from the oldest to the newest; the files are created in another order.
    @Test(arguments: [
        ["haproxy.log.20261109", "haproxy.log.20261110", "haproxy.log.20261201"],
        ["haproxy.log.2026-11-09", "haproxy.log.2026-11-10", "haproxy.log.2026-12-01"],
        ["haproxy.log-20261126_02", "haproxy.log-20261126_03", "haproxy.log-20261127_00"],
        ["haproxy.log-20261126-030552", "haproxy.log-20261126-030553", "haproxy.log-20261126-110000"],
        ["haproxy.log-2026-11-26-03-05", "haproxy.log-2026-11-26-03-06", "haproxy.log-2026-11-26-11-00"],
        ["haproxy.log-1795400000", "haproxy.log-1795400001", "haproxy.log-1795500000"],
        ["haproxy.log-20261126-1795400000", "haproxy.log-20261126-1795400001", "haproxy.log-20261127"],
        ["haproxy-20261109.log", "haproxy-20261110.log", "haproxy-20261201.log"],
        ["haproxy.10.log", "haproxy.9.log", "haproxy.1.log"],
        ["haproxy.log.10", "haproxy.log.9", "haproxy.log.1"],
        // Day, month, year: the first lines determine the order.
        ["haproxy.log-01122026", "haproxy.log-02122026", "haproxy.log-01012027"],
        // A change from one name format to another.
        ["haproxy.log.2", "haproxy.log.1", "haproxy.log-20261123"],
        ["haproxy.log-20261109", "haproxy.log.2", "haproxy.log.1"],
    ])
    func filesOfAnyNameComeInOrder(names: [String]) async throws {
        try await withRotatedLog { log in
            for (index, name) in (names + ["haproxy.log"]).enumerated().reversed() {
                try log.write(
                    RotatedLog.lines(
                        index * 10..<index * 10 + 10,
                        at: Date(timeIntervalSince1970: 1_795_000_000 + Double(index))
                    ),
                    to: name
                )
            }
            for (name, program) in zip(names, [CompressionProgram.xz, .zstd]) {
                try await log.compress(name, by: program)
            }
            let expected = (0..<names.count + 1).map {
                RotatedLog.lines($0 * 10..<$0 * 10 + 10, at: Date(timeIntervalSince1970: 1_795_000_000 + Double($0)))
            }
            #expect(try log.text() == expected.joined())
            #expect(log.warnings.lines.isEmpty)
        }
    }

    @Test(arguments: CompressionProgram.allCases, [nil, "", ".gz", ".xz"])
    func theContentSaysHowAFileIsCompressed(program: CompressionProgram, ending: String?) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<20_000), to: "haproxy.log.1")
            try await log.compress("haproxy.log.1", by: program, to: "compressed")
            try log.move("compressed", to: "haproxy.log.1" + (ending ?? program.ending))
            try log.write(RotatedLog.lines(20_000..<20_010))
            let opened = try log.opened()
            #expect(try RotatedLog.text(opened, LogPart(.http)) == RotatedLog.lines(0..<20_010))
            #expect(opened.leftOut.isEmpty)
            // The mark is also found in the compressed file.
            let mark = opened.end
            try log.append(RotatedLog.lines(20_010..<20_020))
            #expect(try RotatedLog.text(log.opened(), LogPart(.http, after: mark)) == RotatedLog.lines(20_010..<20_020))
        }
    }

    @Test(arguments: CompressionProgram.allCases)
    func severalStreamsAreOneFile(program: CompressionProgram) async throws {
        try await withRotatedLog { log in
            var bytes = Data()
            for start in [0, 3000, 6000] {
                try log.write(RotatedLog.lines(start..<start + 3000), to: "piece")
                try await log.compress("piece", by: program)
                bytes += try Data(contentsOf: log.url("piece" + program.ending))
            }
            try bytes.write(to: log.url("haproxy.log.1" + program.ending))
            #expect(try log.text() == RotatedLog.lines(0..<9000) && log.warnings.lines.isEmpty)
        }
    }

    /// pzstd writes a skippable frame at the start of a file.
    @Test func aFrameToBeSkippedIsNoLine() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<3000), to: "haproxy.log.1")
            try await log.compress("haproxy.log.1", by: .zstd)
            let frame = Data([0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])
            try (frame + Data(contentsOf: log.url("haproxy.log.1.zst"))).write(to: log.url("haproxy.log.1.zst"))
            #expect(try log.text() == RotatedLog.lines(0..<3000) && log.warnings.lines.isEmpty)
        }
    }

    /// logrotate may be compressing the file; a file with other content is another file.
    @Test(arguments: CompressionProgram.allCases, ["half", "whole", "whole and longer", "empty", "another"])
    func aTwinIsTheSameContent(program: CompressionProgram, kind: String) async throws {
        try await withRotatedLog { log in
            let text = RotatedLog.lines(0..<20_000)
            try log.write(kind == "another" ? RotatedLog.lines(30_000..<30_100) : text, to: "twin")
            try await log.compress("twin", by: program)
            let bytes = try Data(contentsOf: log.url("twin" + program.ending))
            let count = kind == "half" ? bytes.count / 2 : kind == "empty" ? 0 : bytes.count
            try bytes.prefix(count).write(to: log.url("haproxy.log.1" + program.ending))
            try log.write(kind == "whole and longer" ? RotatedLog.lines(0..<15_000) : text, to: "haproxy.log.1")
            let found = try log.text()
            if kind == "another" {
                #expect(Set(found.split(separator: "\n")).count == 20_100 && found.contains(RotatedLog.line(30_099)))
            } else {
                #expect(found == text)
            }
            #expect(log.warnings.lines.isEmpty)
        }
    }

    @Test(arguments: ["olddir", "a link", "a link to another name"])
    func otherFoldersAreRead(kind: String) async throws {
        try await withRotatedLog { log in
            var log = log
            let other = log.url("other")
            try FileManager.default.createDirectory(at: other, withIntermediateDirectories: false)
            let name = kind == "a link to another name" ? "device.txt" : "haproxy.log"
            try log.write(RotatedLog.lines(0..<10), to: "other/\(name)-20261101")
            try log.write(RotatedLog.lines(10..<20), to: "other/\(name)-20261102")
            try await log.compress("other/\(name)-20261101", by: .zstd)
            if kind == "olddir" {
                log.others = [other, other]
                try log.write(RotatedLog.lines(20..<30))
                try log.write("not of this log", to: "other/haproxy.log")
            } else {
                try log.write(RotatedLog.lines(20..<30), to: "other/\(name)")
                try FileManager.default.createSymbolicLink(at: log.path, withDestinationURL: log.url("other/\(name)"))
            }
            #expect(try log.text() == RotatedLog.lines(0..<30) && log.warnings.lines.isEmpty)
        }
    }

    /// After a crash of the machine, or in a truncated log, NULs precede a line.
    @Test func aLineAfterNULsIsThere() async throws {
        try await withRotatedLog { log in
            let lines = (0..<4).map { Array((RotatedLog.line($0) + "\n").utf8) }
            let nulls = [1, 100, 300_000].map { [UInt8](repeating: 0, count: $0) }
            try Data(lines[0] + nulls[0] + lines[1] + nulls[1] + lines[2] + nulls[2] + lines[3] + nulls[0]).write(
                to: log.path
            )
            #expect(try log.text() == RotatedLog.lines(0..<4))
        }
    }

    @Test func linesInTheRangeAreCounted() async throws {
        try await withRotatedLog { log in
            try log.write(
                RotatedLog.lines(0..<100) + "foreign\n" + RotatedLog.lines(0..<50, .tcp),
                to: "haproxy.log.1"
            )
            let mark = try log.opened().end
            try log.write("foreign\n" + RotatedLog.lines(100..<120) + "foreign, without its end")
            for (part, count) in [
                (LogPart(.http), 172), (LogPart(.http, after: mark), 21), (LogPart(.http, upTo: mark), 151),
            ] {
                let reader = try log.opened().makeReader(of: [part])
                var blocks = [LogBlock()]
                while try reader.next(into: &blocks) != nil {}
                #expect(reader.examinedLineCount == count)
            }
        }
    }

    /// A thousand rotated files, and only a few descriptors.
    @Test func aFileIsOpenOnlyWhileItIsRead() async throws {
        try await withRotatedLog { log in
            for number in 1...1000 {
                try log.write(RotatedLog.line(number) + "\n", to: "haproxy.log-\(1_795_000_000 + number)")
            }
            for number in stride(from: 1, through: 1000, by: 100) {
                try log.compress("haproxy.log-\(1_795_000_000 + number)")
            }
            try log.write(RotatedLog.line(1001) + "\n")
            func openFiles() throws -> Int {
                let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
                return names.count { name in
                    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
                    return target?.hasPrefix(log.folder.path) == true
                }
            }
            let opened = try log.opened()
            let mark = opened.end
            var greatest = try openFiles()
            let reader = try opened.makeReader(of: [LogPart(.http, upTo: mark), LogPart(.http, after: mark)])
            var blocks = [LogBlock(), LogBlock()]
            while try reader.next(into: &blocks) != nil { greatest = max(greatest, try openFiles()) }
            #expect(greatest <= 20 && blocks[0].lineCount == 1001 && blocks[1].bytes.isEmpty)
        }
    }
}
