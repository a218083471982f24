// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogFiles
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import HAProxyDriver

/// Files that cannot be archived are named, and the rest is archived.
@Suite(.ownThread, .timeLimit(.minutes(2)))
struct LeftOutLogTests {
    /// Files with unsupported formats, whatever their names, and entries that are not files.
    @Test func whatCannotBeReadIsNamedOnce() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<10))
            try log.write(RotatedLog.lines(10..<20), to: "haproxy.log.1")
            try log.write("lz4", to: "haproxy.log.2.lz4")
            try Data([0x04, 0x22, 0x4D, 0x18, 0x64]).write(to: log.url("haproxy.log.3"))
            try Data(Array("PK".utf8) + [3, 4, 5]).write(to: log.url("haproxy.log-20261101.gz"))
            try log.write("text", to: "haproxy.log.5.zst")
            try log.write("brotli", to: "haproxy-20261102.log.br")
            try FileManager.default.createDirectory(at: log.url("haproxy.log.7"), withIntermediateDirectories: false)
            #expect(mkfifo(log.url("haproxy.log.8").path, 0o600) == 0)
            try FileManager.default.createSymbolicLink(
                atPath: log.url("haproxy.log.9").path,
                withDestinationPath: "/dev/full"
            )
            let reasons = [
                "haproxy.log.2.lz4": "lz4", "haproxy.log.3": "lz4", "haproxy.log-20261101.gz": "zip",
                "haproxy.log.5.zst": "not zstd", "haproxy-20261102.log.br": "brotli", "haproxy.log.7": "regular",
                "haproxy.log.8": "regular", "haproxy.log.9": "regular",
            ]
            let opened = try log.opened()
            #expect(try RotatedLog.text(opened, LogPart(.http)) == RotatedLog.lines(10..<20) + RotatedLog.lines(0..<10))
            #expect(Set(opened.leftOut.map(\.file)) == Set(reasons.keys.map { log.url($0).path }))
            for entry in opened.leftOut {
                let name = URL(fileURLWithPath: entry.file).lastPathComponent
                #expect(entry.reason.contains(reasons[name] ?? "none"), "\(entry)")
            }
            #expect(log.warnings.lines.count == reasons.count)
        }
    }

    /// Lines before the damage are archived, later ones are not, and the file is named once, even if it is read again.
    @Test(arguments: CompressionProgram.allCases, ["cut", "changed", "followed by something else"])
    func aDamagedFileIsReadAsFarAsItGoes(program: CompressionProgram, damage: String) async throws {
        try await withRotatedLog { log in
            let text = RotatedLog.lines(0..<40_000)
            try log.write(text, to: "haproxy.log.1")
            try await log.compress("haproxy.log.1", by: program)
            let name = "haproxy.log.1" + program.ending
            var bytes = Array(try Data(contentsOf: log.url(name)))
            switch damage {
            case "cut": bytes.removeLast(bytes.count / 3)
            case "changed": bytes[bytes.count * 2 / 3] ^= 0x55
            default: bytes += Array("something else".utf8)
            }
            try Data(bytes).write(to: log.url(name))
            // A recently modified file may still be written.
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -3600)],
                ofItemAtPath: log.url(name).path
            )
            try log.write(RotatedLog.lines(50_000..<50_010))
            let opened = try log.opened()
            #expect(opened.leftOut.isEmpty)
            for _ in 0..<2 {
                let found = try RotatedLog.text(opened, LogPart(.http))
                let last = RotatedLog.lines(50_000..<50_010)
                #expect(found.hasSuffix(last))
                let before = String(found.dropLast(last.count))
                #expect(before.isEmpty || before.hasSuffix("\n"))
                // Some formats detect a change late, by a checksum.
                if damage != "changed" { #expect(text.hasPrefix(before)) }
                if damage.hasPrefix("followed") { #expect(before == text) }
                // A block of bzip2 is large, and a damaged one cannot be read at all.
                if program != .bzip2 { #expect(before.utf8.count >= 100_000) }
            }
            #expect(opened.leftOut.map(\.file) == [log.url(name).path])
            #expect(log.warnings.lines.count == 1 && log.warnings.lines[0].contains(name))
        }
    }

    /// Another program is copying it to the folder.
    @Test(arguments: [CompressionProgram.gzip, .xz, .zstd])
    func aCompressedFileThatIsBeingCopiedIsForTheNextArchive(program: CompressionProgram) async throws {
        try await withRotatedLog { log in
            let text = RotatedLog.lines(0..<40_000)
            try log.write(text, to: "haproxy.log.1")
            try await log.compress("haproxy.log.1", by: program)
            let name = "haproxy.log.1" + program.ending
            let whole = try Data(contentsOf: log.url(name))
            try whole.dropLast(whole.count / 3).write(to: log.url(name))
            try log.write(RotatedLog.lines(50_000..<50_010))
            let opened = try log.opened()
            let first = try RotatedLog.text(opened, LogPart(.http, upTo: opened.end))
            #expect(first == RotatedLog.lines(50_000..<50_010))
            #expect(opened.leftOut.map(\.file) == [log.url(name).path] && log.warnings.lines.count == 1)
            try whole.write(to: log.url(name))
            let isSame = try log.text(after: opened.end) == text
            #expect(isSame)
        }
    }

    @Test(arguments: CompressionProgram.allCases)
    func whatHasNothingToReadIsLeftOutUntilItIsRepaired(program: CompressionProgram) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<100), to: "haproxy.log.1")
            try await log.compress("haproxy.log.1", by: program)
            let name = "haproxy.log.1" + program.ending
            let whole = try Data(contentsOf: log.url(name))
            try whole.prefix(14).write(to: log.url(name))
            try log.write(RotatedLog.lines(100..<200))
            let opened = try log.opened()
            #expect(opened.leftOut.map(\.file) == [log.url(name).path])
            #expect(try RotatedLog.text(opened, LogPart(.http)) == RotatedLog.lines(100..<200))
            let mark = opened.end
            try whole.write(to: log.url(name))
            try log.append(RotatedLog.lines(200..<300))
            let repaired = try log.opened()
            #expect(repaired.leftOut.isEmpty)
            let since = try RotatedLog.text(repaired, LogPart(.http, after: mark))
            #expect(since == RotatedLog.lines(0..<100) + RotatedLog.lines(200..<300))
        }
    }

    @Test func aFolderThatCannotBeListedIsNamed() async throws {
        try await withRotatedLog { log in
            var log = log
            try log.write("no folder", to: "file")
            log.others = [log.url("file"), log.url("missing")]
            try log.write(RotatedLog.lines(0..<10))
            let opened = try log.opened()
            #expect(opened.leftOut.map(\.file) == [log.url("file").path])
            #expect(try RotatedLog.text(opened, LogPart(.http)) == RotatedLog.lines(0..<10))
            try log.write(RotatedLog.lines(10..<20), to: "haproxy.log.1")
            let error = #expect(throws: DriverError.self) { try LogRemoval(log.files(), log.errors).run() }
            #expect(error?.message.contains(log.url("file").path) == true)
            #expect(try log.names() == ["file"], "the rest is removed anyway")
        }
    }

    /// The content is larger than the file, and starts far into it.
    @Test func aCompressedHoleThatIsLostIsNamed() async throws {
        try await withRotatedLog { log in
            for number in 1...40 { try log.write(RotatedLog.lines(number..<number + 1), to: "haproxy.log.\(number)") }
            let nulls = String(repeating: "\0", count: 1_000_000)
            try Data(RotatedLog.gzip(nulls + RotatedLog.lines(0..<10))).write(to: log.url("haproxy.log.20"))
            let opened = try log.opened()
            try log.remove("haproxy.log.20")
            #expect(try RotatedLog.text(opened, LogPart(.http)).split(separator: "\n").count == 39)
            #expect(opened.leftOut.map(\.file) == [log.url("haproxy.log.20").path])
        }
    }

    /// As root, every file can be read.
    @Test(.enabled(if: geteuid() != 0, "runs as root"))
    func aFileWithoutPermissionIsNamed() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<10))
            try log.write(RotatedLog.lines(10..<20), to: "haproxy.log.1")
            #expect(chmod(log.url("haproxy.log.1").path, 0) == 0)
            let opened = try log.opened()
            #expect(opened.leftOut.first?.reason.contains("permission denied") == true)
            #expect(try RotatedLog.text(opened, LogPart(.http)) == RotatedLog.lines(0..<10))
        }
    }

    @Test(arguments: ["a folder", "a FIFO"])
    func theLogItselfMustBeReadable(kind: String) async throws {
        try await withRotatedLog { log in
            #expect(try log.text().isEmpty, "a log without a file has no lines")
            try log.write(RotatedLog.lines(10..<20), to: "haproxy.log.1")
            if kind == "a FIFO" {
                #expect(mkfifo(log.path.path, 0o600) == 0)
            } else {
                try FileManager.default.createDirectory(at: log.path, withIntermediateDirectories: false)
            }
            let error = #expect(throws: DriverError.self) { try log.text() }
            #expect(error?.code == .logUnavailable && error?.message.contains("haproxy.log: not a") == true)
        }
    }

    /// Files that are not kept open are lost once they are removed.
    @Test func whatIsRemovedBeforeItIsReadIsNamed() async throws {
        try await withRotatedLog { log in
            for number in 1...40 {
                try log.write(RotatedLog.lines(1000 - number * 10..<1010 - number * 10), to: "haproxy.log.\(number)")
            }
            let opened = try log.opened()
            // Renamed, compressed and removed.
            try log.move("haproxy.log.15", to: "haproxy.log.50")
            try log.compress("haproxy.log.20")
            try log.remove("haproxy.log.25")
            try log.remove("haproxy.log.40")
            try log.remove("haproxy.log.1")
            let expected = (1...40).reversed().filter { $0 != 25 }
                .map { RotatedLog.lines(1000 - $0 * 10..<1010 - $0 * 10) }
            for _ in 0..<2 { #expect(try RotatedLog.text(opened, LogPart(.http)) == expected.joined()) }
            #expect(opened.leftOut.map(\.file) == [log.url("haproxy.log.25").path])
            #expect(log.warnings.lines.count == 1 && log.warnings.lines[0].contains("file.lost_bytes"))
        }
    }
}
