// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import SteelyardCore
import SteelyardSystem
import SteelyardTestSupport
import Synchronization
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver
@testable import LogFiles

/// A log that a queued ARCHIVE has opened, and that changes before the ARCHIVE runs.
@Suite(.ownThread)
struct WaitingLogTests {
    private static func opened(
        _ log: RotatedLog,
        isDeleted: @escaping @Sendable () -> Bool = { false }
    ) throws
        -> HAProxyLog
    {
        let hold = try #require(log.files().logHold)
        return try HAProxyLog(in: log.logFolder, log.errors, hold: hold, isDeleted: isDeleted)
    }

    /// Opening does not wait for a rotation, which may free the start of the log at any moment.
    @Test func itsHeadIsContentThoughItsStartWasFreedMeanwhile() async throws {
        try await withRotatedLog { log in
            let block: UInt64 = 4096
            let blocks: UInt64 = 500
            try log.write(String(repeating: "GET /\n", count: Int(block * (blocks + 2)) / 6))
            let isDone = Mutex(false)
            async let freeing: Void = blocking {
                defer { isDone.withLock { $0 = true } }
                let file = try FileDescriptor.open(log.logFolder.log, .readWrite)
                try file.closeAfter {
                    for number in 0..<blocks {
                        try SparseFile.free(file, number * block..<(number + 1) * block)
                        usleep(200)
                    }
                }
            }
            try await blocking {
                while !isDone.withLock({ $0 }) {
                    let (file, _) = try LogFileSet.openCurrent(in: log.logFolder)
                    try #require(file?.head.contains(0) == false)
                }
            }
            try await freeing
        }
    }

    @Test(arguments: ["nothing", "appended", "rotated by the agent", "renamed", "copied", "compressed"])
    func itIsReadAsItWasWhenItWasOpened(change: String) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<100), to: "haproxy.log.1")
            try log.write(RotatedLog.lines(100..<1000))
            let opened = try Self.opened(log)
            try log.append(RotatedLog.lines(1000..<2000))
            switch change {
            case "nothing": try log.write(RotatedLog.lines(100..<1000))
            case "appended": break
            case "rotated by the agent":
                try await log.rotation().rotateIfNeeded()
                #expect(try log.names().count > 3)
            default:
                try log.move("haproxy.log.1", to: "haproxy.log.2")
                if change == "copied" {
                    try log.copy("haproxy.log", to: "haproxy.log.1")
                    try log.truncate()
                } else {
                    try log.move("haproxy.log", to: "haproxy.log.1")
                }
                if change == "compressed" { try log.compress("haproxy.log.2") }
                try log.append(RotatedLog.lines(2000..<2100))
            }
            try opened.prepare()
            let end = try #require(opened.end)
            for part in [LogPart(.http), LogPart(.http, upTo: end)] {
                #expect(try RotatedLog.text(opened, part) == RotatedLog.lines(0..<1000))
            }
            let all = try log.text()
            #expect(try RotatedLog.lines(0..<1000) + log.text(after: end) == all)
            #expect(log.warnings.lines.isEmpty)
        }
    }

    /// It contains no line of the next load balancer.
    @Test(arguments: [false, true])
    func aDeleteTakesNothingFromIt(isPrepared: Bool) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<20_000))
            try await log.rotation().rotateIfNeeded()
            try log.append(RotatedLog.lines(20_000..<20_100))
            let deletions = DeletionCount()
            do {
                let opened = try Self.opened(log) { deletions.value > 0 }
                if isPrepared { try opened.prepare() }
                deletions.add()
                try LogRemoval(log.files(), log.errors).run()
                #expect(try log.names() == ["log-hold"])
                try log.write(RotatedLog.lines(30_000..<40_000))
                for _ in 0..<2 {
                    let isSame = try RotatedLog.text(opened, LogPart(.http)) == RotatedLog.lines(0..<20_100)
                    #expect(isSame && opened.leftOut.isEmpty)
                }
            }
            #expect(try log.names() == ["haproxy.log"], "the links are removed")
        }
    }

    /// A syslog daemon writes it: files that a DELETE removes are named; no line of the next load balancer is read.
    @Test(arguments: [0, 5, 30_000])
    func whatADeleteTakesIsNamed(next: Int) async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<100), to: "haproxy.log.1")
            try log.write(RotatedLog.lines(100..<2000))
            let deletions = DeletionCount()
            let opened = try HAProxyLog(in: log.logFolder, log.errors, isDeleted: { deletions.value > 0 })
            deletions.add()
            try LogRemoval(log.files(logTarget: "/dev/log"), log.errors).run()
            try log.append(RotatedLog.lines(30_000..<30_000 + next))
            #expect(try RotatedLog.text(opened, LogPart(.http)) == "")
            #expect(Set(opened.leftOut.map(\.file)) == [log.path.path, log.url("haproxy.log.1").path])
        }
    }

    /// The agent keeps two rotated files, and removes the others while the ARCHIVE is queued.
    @Test func aRotationTakesNothingFromIt() async throws {
        try await withRotatedLog { log in
            try log.write(RotatedLog.lines(0..<1500))
            try await log.rotation(count: 2).rotateIfNeeded()
            let before = try log.text()
            let opened = try Self.opened(log)
            try log.append(RotatedLog.lines(1500..<2200))
            try await log.rotation(count: 2).rotateIfNeeded()
            #expect(try log.text().hasPrefix(before) == false)
            #expect(try RotatedLog.text(opened, LogPart(.http)) == before)
        }
    }

    @Test func itHasOneDescriptorAndNoLock() async throws {
        try await withRotatedLog { log in
            for number in 1...40 { try log.write(RotatedLog.lines(number..<number + 1), to: "haproxy.log.\(number)") }
            try log.write(RotatedLog.lines(0..<2000))
            let opened = try (0..<3).map { _ in try Self.opened(log) }
            let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0)
            }
            #expect(descriptors.filter { $0.hasPrefix(log.folder.path) } == Array(repeating: log.path.path, count: 3))
            try await log.rotation().rotateIfNeeded()
            #expect(try log.names().contains("haproxy.log" + LogFileName.suffix(1)))
            #expect(try RotatedLog.text(opened[2], LogPart(.http)).split(separator: "\n").count == 2040)
        }
    }

    @Test func whatAKilledAgentHasHeldIsRemoved() async throws {
        try await withRotatedLog { log in
            let hold = try #require(log.files().logHold)
            try FileManager.default.createDirectory(at: log.url("log-hold/1-1"), withIntermediateDirectories: true)
            try log.write("", to: "log-hold/1-1/haproxy.log" + LogFileName.suffix(1))
            LogFolder.removeHolds(in: hold)
            #expect(try log.names() == [])
        }
    }
}
