// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogFiles
import Logging
import SteelyardCore
import SteelyardTestSupport
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// Archives after a DELETE do not contain lines from before it.
@Suite(.ownThread)
struct DeletedLogTests {
    @Test(arguments: [nil, "/dev/log"])
    func aDeleteRemovesEveryFileOfTheLog(logTarget: String?) async throws {
        try await withRotatedLog { log in
            var log = log
            let archive = log.url("olddir")
            try FileManager.default.createDirectory(at: archive, withIntermediateDirectories: false)
            log.others = [archive]
            let files = try log.files(logTarget: logTarget)
            try log.write(RotatedLog.lines(0..<100), to: "haproxy.log.2")
            try log.compress("haproxy.log.2")
            try log.write(RotatedLog.lines(100..<200), to: "haproxy.log.1")
            try log.write("no xz", to: "haproxy.log-20261120.xz")
            try log.write("lz4", to: "haproxy.log.4.lz4")
            try log.write(RotatedLog.lines(50..<60), to: "olddir/haproxy-20261119.log")
            #expect(mkfifo(log.url("haproxy.log.9").path, 0o600) == 0)
            try log.write("another log", to: "haproxy.logs")
            try FileManager.default.createDirectory(at: log.url("haproxy.log.8"), withIntermediateDirectories: false)
            try log.write(RotatedLog.lines(200..<300))
            let old = try log.opened().end
            for _ in 0..<2 { try LogRemoval(files, log.errors).run() }
            let left = ["haproxy.log.8", "haproxy.logs", "olddir"]
            #expect(try log.names() == (logTarget == nil ? left : (left + ["haproxy.log", "log-start"]).sorted()))
            #expect(try FileManager.default.contentsOfDirectory(atPath: archive.path).isEmpty)
            try LogRemoval(files, log.errors).beginNext()
            let start = try files.readLogStart()
            #expect((start == nil) == (logTarget == nil))
            try log.append(RotatedLog.lines(300..<400, at: Date() + 2))
            let opened = try log.opened(from: start)
            #expect(try RotatedLog.text(opened, LogPart(.http)) == String(contentsOf: log.path, encoding: .utf8))
            let since = try RotatedLog.text(opened, LogPart(.http, after: old))
            #expect(since == (try String(contentsOf: log.path, encoding: .utf8)))
        }
    }

    /// A syslog daemon writes old lines after the next UPDATE, among the new ones.
    @Test func lateLinesAreLeftOut() async throws {
        try await withRotatedLog { log in
            let files = try log.files(logTarget: "/dev/log")
            let deleted = Date()
            try LogRemoval(files, log.errors, now: UTCTimestamp(deleted)).run()
            try log.append("haproxy: Server http-servers/1 is DOWN, before the UPDATE, without a time\n")
            try LogRemoval(files, log.errors, now: UTCTimestamp(deleted + 60)).beginNext()
            var new: [String] = []
            for offset in [-90_000.0, -60, -1, -0.01, 0, 0.01, 1, 30, 90_000] {
                let date = deleted + offset
                let syslog = RotatedLog.syslogDate(date)
                let iso = RotatedLog.isoDate(date)
                let lines = [
                    RotatedLog.line(1, at: date), "\(syslog) lb haproxy[1]: \(RotatedLog.line(2, at: date))",
                    "<134>1 \(iso) lb haproxy 1 - - \(RotatedLog.line(3, at: date))",
                    "<134>1 \(iso) lb haproxy 1 - - Server http-servers/1 is DOWN",
                    "\(iso) lb haproxy[1]: Server http-servers/1 is UP",
                ]
                // The old format has no fractional seconds.
                let sentences = ["\(syslog) lb haproxy[1]: Server http-servers/1 is DOWN"]
                try log.append((lines + sentences).map { $0 + "\n" }.joined())
                if offset > 0 { new += lines }
                if offset >= 1 { new += sentences }
            }
            try log.append("haproxy: Server http-servers/1 is DOWN, after the UPDATE, without a time\n")
            new.append("haproxy: Server http-servers/1 is DOWN, after the UPDATE, without a time")
            let opened = try log.opened(from: files.readLogStart(), now: UTCTimestamp(deleted + 120))
            #expect(opened.leftOut.isEmpty)
            for _ in 0..<2 {
                let found = try RotatedLog.text(opened, LogPart(.http))
                #expect(found == new.map { $0 + "\n" }.joined())
                let written = try String(contentsOf: log.path, encoding: .utf8).split(separator: "\n").count
                let count = written - 1 - new.count
                #expect(opened.leftOut.map(\.file) == [log.path.path])
                #expect(opened.leftOut.first?.reason == "\(count) lines from before the last DELETE are left out")
            }
        }
    }

    /// The device booted with a clock that was ahead, and the clock was set after the UPDATE.
    @Test func aClockThatWasSetBackLeavesNoNewLineOut() async throws {
        try await withRotatedLog { log in
            let files = try log.files(logTarget: "/dev/log")
            let (ahead, now) = (Date() + 86_400, Date())
            try LogRemoval(files, log.errors, now: UTCTimestamp(ahead)).run()
            try log.append(RotatedLog.lines(0..<10, at: ahead))
            try LogRemoval(files, log.errors, now: UTCTimestamp(ahead + 60)).beginNext()
            try log.append(RotatedLog.lines(10..<20, at: now))
            let opened = try log.opened(from: files.readLogStart(), now: UTCTimestamp(now + 1))
            #expect(try RotatedLog.text(opened, LogPart(.http)) == RotatedLog.lines(10..<20, at: now))
            #expect(log.warnings.lines.count == 1 && log.warnings.lines[0].contains("the clock was set back"))
            #expect(opened.leftOut.isEmpty)
        }
    }

    /// In a system folder, a file may be the operator's.
    @Test func whatIsNotKnownForARotatedFileIsLeftAndNamed() async throws {
        try await withRotatedLog { log in
            let files = try log.files(logTarget: "/dev/log")
            try log.write(
                "haproxy: Server http-servers/1 is DOWN\n" + RotatedLog.lines(0..<100),
                to: "haproxy.log.keep"
            )
            try log.write(RotatedLog.lines(100..<200))
            try LogRemoval(files, log.errors).run()
            #expect(log.warnings.lines.count == 1 && log.warnings.lines[0].contains("haproxy.log.keep"))
            #expect(try log.names() == ["haproxy.log", "haproxy.log.keep", "log-start"])
            try LogRemoval(files, log.errors).beginNext()
            try log.append(RotatedLog.lines(300..<310, at: Date() + 2))
            let found = try RotatedLog.text(log.opened(from: files.readLogStart()), LogPart(.http))
            #expect(found == (try String(contentsOf: log.path, encoding: .utf8)))
        }
    }

    /// A log without an extension: the names of other files of the agent begin with its name.
    @Test func aDeleteRemovesNoOtherFileOfTheAgent() async throws {
        try await withTemporaryFolder { folder in
            let log = folder.appending(path: "haproxy")
            let configuration = try HAProxyConfiguration(
                ["binary": "/bin/true", "log": .of(log.path)],
                stateDirectory: folder.path
            )
            let files = DeviceFiles(configuration)
            for name in [
                "haproxy", "haproxy.1", "haproxy.old", "haproxy.cfg", "haproxy.cfg.last-good", "haproxy-start.log",
            ] {
                try Data(RotatedLog.lines(0..<10).utf8).write(to: folder.appending(path: name))
            }
            try LogRemoval(files, Logger(label: "test")).run()
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(left == ["haproxy-start.log", "haproxy.cfg", "haproxy.cfg.last-good"])
        }
    }

    /// Rotated files that the agent cannot remove are left out by their offset and by the time of their lines.
    @Test(.enabled("needs permission to mount a file system") { await Mounts.isPossible() })
    func whatCannotBeRemovedIsLeftOut() async throws {
        try await withRotatedLog { log in
            var log = log
            let system = log.url("system")
            try FileManager.default.createDirectory(at: system, withIntermediateDirectories: false)
            _ = try await Command.run("/usr/bin/mount", ["-t", "tmpfs", "tmpfs", system.path])
            do {
                log.others = [system]
                let files = try log.files(logTarget: "/dev/log")
                try log.write(
                    "haproxy: Server http-servers/1 is DOWN\n" + RotatedLog.lines(0..<100),
                    to: "system/haproxy.log.1"
                )
                try log.write(RotatedLog.lines(100..<200))
                _ = try await Command.run("/usr/bin/mount", ["-o", "remount,ro", system.path])
                try LogRemoval(files, log.errors).run()
                #expect(log.warnings.lines.count == 1 && log.warnings.lines[0].contains("system/haproxy.log.1"))
                try LogRemoval(files, log.errors).beginNext()
                try log.append(RotatedLog.lines(300..<310, at: Date() + 2))
                let found = try RotatedLog.text(log.opened(from: files.readLogStart()), LogPart(.http))
                #expect(found == (try String(contentsOf: log.path, encoding: .utf8)))
                // A log that the agent writes itself must be removed.
                let own = try log.files()
                let error = #expect(throws: DriverError.self) { try LogRemoval(own, log.errors).run() }
                #expect(error?.code == .stateUnwritable && error?.message.contains("system/haproxy.log.1") == true)
            } catch {
                _ = try await Command.run("/usr/bin/umount", ["-l", system.path])
                throw error
            }
            _ = try await Command.run("/usr/bin/umount", ["-l", system.path])
        }
    }

    @Test func theFileOfAnEarlierAgentIsRead() async throws {
        try await withRotatedLog { log in
            let files = try log.files(logTarget: "/dev/log")
            try log.write(RotatedLog.lines(0..<100), to: "haproxy.log.1")
            let mark = try #require(try log.opened().end)
            try log.write(mark.text, to: "log-start")
            try log.write(RotatedLog.lines(100..<200))
            let start = try files.readLogStart()
            #expect(start == LogStart(deletedAt: nil, mark: mark))
            #expect(try RotatedLog.text(log.opened(from: start), LogPart(.http)) == RotatedLog.lines(100..<200))
        }
    }

    @Test(arguments: [
        "", "deleted", "deleted x", "deleted 9223372036854775807", "deleted -1", "deleted 1\n3 x", "2 x",
    ])
    func aCorruptFileIsAnError(text: String) async throws {
        try await withRotatedLog { log in
            try log.write(text, to: "log-start")
            let files = try log.files(logTarget: "/dev/log")
            let error = #expect(throws: DriverError.self) { try files.readLogStart() }
            #expect(error?.code == .stateUnreadable)
        }
    }

    /// The clocks go back from 3:00 to 2:00 at 1:00 UTC on 25 October 2026 in Central Europe.
    @Test(arguments: [
        // (the time of the DELETE in minutes after the change, the date of a line, whether it is left out)
        (-30, "02:29", true), (-30, "02:31", false), (-30, "01:59", true),
        // In the hour after the change, dates until 3:00 may be from the hour before it.
        (30, "02:29", true), (30, "02:31", true), (30, "02:59", true), (30, "03:00", true), (30, "03:02", false),
        (90, "02:40", true), (90, "03:29", true), (90, "03:31", false),
        (300, "06:59", true), (300, "07:01", false),
    ])
    func aClockChangeLetsNoOldLineThrough(minutes: Int64, time: String, isLeftOut: Bool) {
        let change: Int64 = 1_792_890_000
        let cut = LogCut(UTCTimestamp(microseconds: (change + minutes * 60) * 1_000_000)) { $0 < change ? 7200 : 3600 }
        let line = Array("10.0.0.1:1 [25/Oct/2026:\(time):00.000] http-in http-servers/1 0/0/0".utf8)
        line.withUnsafeBytes { bytes in
            #expect(HAProxyLine(bytes).map { cut.covers(bytes, $0) } == isLeftOut)
        }
    }

    /// RFC 3164 has no year.
    @Test(arguments: [
        ("Dec 31 23:59:59", true), ("Jan  1 00:00:00", true), ("Jan  1 00:00:01", false), ("Dec 30 00:00:00", true),
        ("Jun 15 00:00:00", false), ("Sep  1 00:00:00", true),
    ])
    func aYearEndsInBetween(date: String, isLeftOut: Bool) {
        let cut = LogCut(UTCTimestamp(microseconds: 1_798_761_600_000_000)) { _ in 0 }
        let line = Array("\(date) lb haproxy[1]: Server http-servers/1 is DOWN".utf8)
        line.withUnsafeBytes { bytes in
            #expect(HAProxyLine(bytes).map { cut.covers(bytes, $0) } == isLeftOut)
        }
    }
}

enum Mounts {
    static func isPossible() async -> Bool {
        do {
            try await withTemporaryFolder { folder in
                _ = try await Command.run("/usr/bin/mount", ["-t", "tmpfs", "tmpfs", folder.path])
                _ = try await Command.run("/usr/bin/umount", ["-l", folder.path])
            }
            return true
        } catch { return false }
    }
}

extension UTCTimestamp {
    init(_ date: Date) { self.init(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded())) }
}

extension RotatedLog {
    private static func parts(_ date: Date) -> tm {
        var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
        var parts = tm()
        localtime_r(&seconds, &parts)
        return parts
    }

    private static func text(_ date: Date, _ format: String) -> String {
        var parts = parts(date)
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func fraction(_ date: Date, digits: Int) -> String {
        let time = date.timeIntervalSince1970
        let scale = pow(10, Double(digits))
        let number = String(Int(((time - time.rounded(.down)) * scale).rounded(.down)))
        return String(repeating: "0", count: digits - number.count) + number
    }

    /// A line with the given accept date, in local time as HAProxy writes it.
    static func line(_ number: Int, _ proxyKind: ProxyKind = .http, at date: Date) -> String {
        let time = text(date, "%d/%b/%Y:%H:%M:%S") + "." + fraction(date, digits: 3)
        let line = line(number, proxyKind)
        guard let start = line.firstIndex(of: "["), let end = line.firstIndex(of: "]") else { return line }
        return line[..<start] + "[\(time)]" + line[line.index(after: end)...]
    }

    static func lines(_ numbers: Range<Int>, _ proxyKind: ProxyKind = .http, at date: Date) -> String {
        numbers.map { line($0, proxyKind, at: date) + "\n" }.joined()
    }

    static func syslogDate(_ date: Date) -> String { text(date, "%b %e %H:%M:%S") }

    static func isoDate(_ date: Date) -> String {
        let zone = text(date, "%z")
        return text(date, "%Y-%m-%dT%H:%M:%S") + "." + fraction(date, digits: 6) + zone.prefix(3) + ":" + zone.suffix(2)
    }
}
