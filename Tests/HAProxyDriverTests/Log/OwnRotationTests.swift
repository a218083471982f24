// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogFiles
import SteelyardCore
import SteelyardSystem
import SteelyardTestSupport
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// The agent's own rotation of a log: every line once, whenever the agent ends and whatever reads meanwhile.
@Suite(.timeLimit(.minutes(2)))
struct OwnRotationTests {
    private static let limit = LogRotation.leastBytes

    @Test func theOldestLinesMoveToFilesOfTheLimitedSize() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<2500))
            try await log.rotation().rotateIfNeeded()
            let names = try log.names()
            #expect(names == (["haproxy.log"] + (1..<names.count).map { "haproxy.log" + LogFileName.suffix($0) }))
            #expect(names.count > 3)
            for name in names.dropFirst() {
                let text = try String(contentsOf: log.url(name), encoding: .utf8)
                #expect(text.utf8.count <= Self.limit && text.hasSuffix("\n"))
                var entry = stat()
                #expect(stat(log.url(name).path, &entry) == 0 && entry.st_mode == S_IFREG | 0o640)
            }
            #expect(try log.text() == RotatedLog.lines(0..<2500))
            // The hole is punched: the log keeps its size and uses less space.
            var entry = stat()
            #expect(stat(log.path.path, &entry) == 0)
            #expect(entry.st_size == RotatedLog.lines(0..<2500).utf8.count && entry.st_blocks * 512 <= 2 * Self.limit)
            #expect(try log.opened().byteCount == UInt64(RotatedLog.lines(0..<2500).utf8.count))
            try await log.rotation().rotateIfNeeded()
            #expect(try log.names() == names, "nothing is left to do")
            try log.append("half a line without its end")
            try log.append(RotatedLog.lines(2500..<3500))
            try await log.rotation().rotateIfNeeded()
            #expect(try log.names().count > names.count && log.warnings.lines.isEmpty)
        }
    }

    /// A log that is smaller, that a daemon writes, or that the operator rotates.
    @Test(arguments: [(LogRotation.leastBytes, 100, nil), (0, 2000, nil), (LogRotation.leastBytes, 2000, "/dev/log")])
    func whatIsNotToBeRotatedIsNot(bytes: Int, lines: Int, logTarget: String?) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<lines))
            try await log.rotation(bytes: bytes, logTarget: logTarget).rotateIfNeeded()
            #expect(try log.names() == ["haproxy.log"])
        }
    }

    @Test(arguments: LogRotation.Step.allCases, [true, false])
    func anAgentThatIsKilledLosesAndRepeatsNothing(step: LogRotation.Step, isCompressed: Bool) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<300))
            let mark = try log.opened().end
            try log.append(RotatedLog.lines(300..<700))
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = log.folder.path as String, step] in
                let log = RotatedLog(folder: URL(fileURLWithPath: path))
                await (try log.rotation { if $0 == step { kill(getpid(), SIGKILL) } }).rotateIfNeeded()
            }
            #expect(try log.names().contains("haproxy.log.rotating") == (step == .copied))
            for round in 0..<3 {
                #expect(try log.text() == RotatedLog.lines(0..<700), "\(round)")
                #expect(try log.text(after: mark) == RotatedLog.lines(300..<700), "\(round)")
                switch round {
                case 0: await (try log.rotation()).recover()
                case 1: await (try log.rotation()).rotateIfNeeded()
                default: break
                }
                #expect(try !log.names().contains("haproxy.log.rotating"))
                // The operator compresses a file after the rotation.
                let name = "haproxy.log" + LogFileName.suffix(1)
                if round == 1, isCompressed { try log.compress(name) }
            }
            try log.append(RotatedLog.lines(700..<2000))
            try await log.rotation().rotateIfNeeded()
            #expect(try log.text() == RotatedLog.lines(0..<2000))
            #expect(try log.text(after: mark) == RotatedLog.lines(300..<2000))
            #expect(log.warnings.lines.isEmpty)
        }
    }

    /// Writes, rotations, archives and compressions in any order.
    @Test(arguments: Seeds.first(15))
    func everyLineComesOnce(seed: UInt64) async throws {
        try await withRotatedLog { log in
            var random = SeededGenerator(seed: seed)
            var (number, archived) = (0, "")
            var mark: LogMark?
            func archive() throws {
                let opened = try log.opened()
                archived += try RotatedLog.text(opened, LogPart(.http, after: mark, upTo: opened.end))
                mark = opened.end
            }
            try log.write("")
            if random.isLucky(oneIn: 2) {
                // copytruncate has already punched a hole.
                try log.append(RotatedLog.lines(90_000..<90_100))
                try log.truncate(leavesHole: true)
            }
            for _ in 0..<40 {
                let count = random.pick([1, 10, 100, 700])
                // Yields, since other tests wait for results on the same few threads.
                await Task.yield()
                switch random.below(6) {
                case 0...2:
                    try log.append(RotatedLog.lines(number..<number + count))
                    number += count
                case 3: try await log.rotation(count: 1000).rotateIfNeeded()
                case 4: try archive()
                default:
                    let plain = try log.names().filter { $0.hasPrefix("haproxy.log-") && !$0.hasSuffix(".gz") }
                    if let name = plain.dropLast().randomElement(using: &random) { try log.compress(name) }
                }
            }
            try archive()
            let expected = RotatedLog.lines(0..<number)
            let (isSame, isWhole) = (archived == expected, try log.text() == expected)
            #expect(isSame && isWhole, "seed \(seed)")
            #expect(log.warnings.lines.isEmpty, "seed \(seed): \(log.warnings.lines)")
        }
    }

    @Test func anArchiveThatReadsKeepsTheRotationWaiting() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<2000))
            let rotation = try log.rotation()
            do {
                let opened = try log.opened()
                let mark = opened.end
                await rotation.rotateIfNeeded()
                #expect(try log.names() == ["haproxy.log"])
                for part in [LogPart(.http), LogPart(.http, upTo: mark)] {
                    #expect(try RotatedLog.text(opened, part) == RotatedLog.lines(0..<2000))
                }
            }
            await rotation.rotateIfNeeded()
            #expect(try log.names().count > 3)
            #expect(try log.text() == RotatedLog.lines(0..<2000))
        }
    }

    @Test func archivesAndRotationsAtTheSameTimeSeeEachLineOnce() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<1))
            let reading = Task {
                var isWhole = true
                while !Task.isCancelled {
                    let text = try await blocking {
                        let opened = try log.opened()
                        return try RotatedLog.text(opened, LogPart(.http, upTo: opened.end))
                    }
                    let count = text.utf8.count { $0 == UInt8(ascii: "\n") }
                    isWhole = isWhole && text == RotatedLog.lines(0..<count)
                }
                return isWhole
            }
            let rotation = try log.rotation(count: 1000)
            for number in 1..<200 {
                try log.append(RotatedLog.lines(number * 20 - 19..<number * 20 + 1))
                await rotation.rotateIfNeeded()
            }
            reading.cancel()
            #expect(try await reading.value)
            await rotation.rotateIfNeeded()
            #expect(try log.text() == RotatedLog.lines(0..<3981) && log.names().count > 5)
        }
    }

    @Test(arguments: [nil, false, true])
    func theOldestFileIsRemovedAndThatIsSaid(isArchived: Bool?) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<700))
            if let isArchived {
                let mark = isArchived ? try log.opened().end?.text ?? "" : "2"
                try FileManager.default.createDirectory(at: log.url("archived"), withIntermediateDirectories: false)
                try log.write("{\"format\":\"1\",\"time\":\"1\",\"mark\":\"\(mark)\"}", to: "archived/1.http.json")
            }
            try await log.rotation(count: 2).rotateIfNeeded()
            let first = "haproxy.log" + LogFileName.suffix(1)
            try log.append(RotatedLog.lines(700..<2000))
            try await log.rotation(count: 2).rotateIfNeeded()
            let names = try log.names().filter { $0.hasPrefix("haproxy.log") }
            #expect(names.count == 3 && !names.contains(first), "\(names)")
            let rest = try log.text()
            #expect(!rest.isEmpty && RotatedLog.lines(0..<2000).hasSuffix(rest))
            #expect(log.warnings.lines.contains { $0.contains(first) } == (isArchived != true))
        }
    }

    /// The rotation has removed the start of the log, and lines before and after the mark end alike.
    @Test func aPlaceThatIsNotUniqueIsSaid() async throws {
        try await withRotatedLog { log in
            let padding = String(repeating: "x", count: 300)
            func lines(_ range: Range<Int>) -> String { range.map { RotatedLog.line($0) + padding + "\n" }.joined() }
            try log.write(lines(0..<700))
            let mark = try #require(try log.opened().end)
            try log.append(lines(700..<710))
            try await log.rotation(count: 2).rotateIfNeeded()
            let first = "haproxy.log" + LogFileName.suffix(1)
            #expect(try !log.names().contains(first))
            #expect(try log.text(after: mark).hasSuffix(lines(700..<710)))
            #expect(log.warnings.lines.contains { $0.contains("several places like the end of the last archive") })
        }
    }

    /// A DELETE arrives while the agent copies.
    @Test func aDeleteLeavesNothing() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<700))
            let files = try log.files()
            try await log.rotation { step in
                if step == .copied { try? LogRemoval(files, log.errors).run() }
            }.rotateIfNeeded()
            #expect(try log.names() == [] && log.warnings.lines.isEmpty)
        }
    }

    @Test(.enabled("needs permission to mount a file system") { await Self.mountsRamfs() })
    func aFileSystemThatCannotFreeIsSaidOnce() async throws {
        try await withRotatedLog { log in
            _ = try await Command.run("/usr/bin/mount", ["-t", "ramfs", "ramfs", log.folder.path])
            try log.write(RotatedLog.lines(0..<700))
            let rotation = try log.rotation()
            for _ in 0..<2 { await rotation.rotateIfNeeded() }
            let (names, text) = (try log.names(), try log.text())
            _ = try await Command.run("/usr/bin/umount", ["-l", log.folder.path])
            #expect(names == ["haproxy.log"] && text == RotatedLog.lines(0..<700))
            #expect(log.warnings.lines.count == 1 && log.warnings.lines.first?.contains("copytruncate") == true)
        }
    }

    private static func mountsRamfs() async -> Bool {
        do {
            try await withTemporaryFolder { folder in
                _ = try await Command.run("/usr/bin/mount", ["-t", "ramfs", "ramfs", folder.path])
                _ = try await Command.run("/usr/bin/umount", ["-l", folder.path])
            }
            return true
        } catch { return false }
    }

    /// A terabyte of zeros would take many minutes to read.
    @Test func aHoleIsNotRead() async throws {
        try await withRotatedLog { log in
            try log.write("")
            #expect(truncate(log.path.path, 1 << 40) == 0)
            #expect(try log.text().isEmpty && log.opened().byteCount == 0)
            try await log.rotation().rotateIfNeeded()
            try log.append(RotatedLog.lines(0..<700))
            try await log.rotation().rotateIfNeeded()
            #expect(try log.names().count == 2 && log.text() == RotatedLog.lines(0..<700))
        }
    }

    /// Marks of earlier agents count the NULs before the content.
    @Test(arguments: [true, false])
    func aMarkOfAnEarlierAgentIsFound(isRotated: Bool) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<300))
            let mark = try #require(try log.opened().end?.text)
            #expect(mark.hasPrefix("2 "))
            try log.append(RotatedLog.lines(300..<700))
            if isRotated { try await log.rotation().rotateIfNeeded() }
            let earlier = LogMark("1" + mark.dropFirst())
            #expect(try RotatedLog.text(log.opened(), LogPart(.http, after: earlier)) == RotatedLog.lines(300..<700))
            #expect(try LogPlaces(earlier).mark == earlier)
        }
    }

    @Test func whatHAProxyPrintsWhileItStartsIsShortened() async throws {
        try await withRotatedLog { log in
            let text = String(repeating: "a line of a node that goes up and down\n", count: 100_000)
            try log.write(text, to: "haproxy-start.log")
            try await log.rotation().rotateIfNeeded()
            let content = try #require(SparseFile.content(of: FilePath(log.url("haproxy-start.log").path)))
            #expect(content.count <= 1 << 20 && content.upperBound == text.utf8.count)
            #expect(
                try Data(contentsOf: log.url("haproxy-start.log")).suffix(content.count)
                    == Data(text.utf8.suffix(content.count))
            )
        }
    }
}

extension RotatedLog {
    func files(logTarget: String? = nil) throws -> DeviceFiles {
        DeviceFiles(
            try HAProxyConfiguration(
                [
                    "binary": "/bin/true", "log": .of(path.path), "log_target": .of(logTarget),
                    "log_rotated": .of(others.map(\.path)),
                ],
                stateDirectory: folder.path
            )
        )
    }

    func rotation(
        bytes: Int = LogRotation.leastBytes,
        count: Int = 100,
        logTarget: String? = nil,
        onStep: @escaping @Sendable (LogRotation.Step) -> Void = { _ in }
    ) throws -> LogRotation {
        LogRotation(try files(logTarget: logTarget), bytes: bytes, count: count, errors, onStep: onStep)
    }

    func text(after mark: LogMark?) throws -> String { try Self.text(opened(), LogPart(.http, after: mark)) }

    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
}
