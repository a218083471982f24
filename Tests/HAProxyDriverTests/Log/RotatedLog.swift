// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogArchiving
import LogFiles
import Logging
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import SystemPackage
import TestServers

@testable import HAProxyDriver

/// A log in a folder, and the changes that logrotate makes to it.
struct RotatedLog {
    let folder: URL
    let warnings = Warnings()

    var path: URL { url("haproxy.log") }

    func url(_ name: String) -> URL { folder.appending(path: name) }

    /// Records warnings and errors.
    var errors: Logger { Logger(label: "test") { _ in warnings } }

    /// More folders with rotated files.
    var others: [URL] = []

    func opened(from start: LogStart? = nil, now: UTCTimestamp = .now) throws -> HAProxyLog {
        let log = try HAProxyLog(in: logFolder, from: start, errors, now: now)
        try log.prepare()
        return log
    }

    var logFolder: LogFolder {
        LogFolder(of: FilePath(path.path), others: others.map { FilePath($0.path) }) {
            HAProxyLineClassifier.time(of: $0)
        }
    }

    /// All lines of a protocol.
    func text(of proxyKind: ProxyKind = .http) throws -> String { try Self.text(opened(), LogPart(proxyKind)) }

    static func text(_ log: HAProxyLog, _ part: LogPart) throws -> String {
        String(decoding: try log.lines(of: [part])[0].bytes, as: UTF8.self)
    }

    func write(_ text: String, to name: String = "haproxy.log") throws { try Data(text.utf8).write(to: url(name)) }

    /// Appends as HAProxy does, to the file that has the name now.
    func append(_ text: String, to name: String = "haproxy.log") throws {
        if !FileManager.default.fileExists(atPath: url(name).path) { try write("", to: name) }
        let handle = try FileHandle(forWritingTo: url(name))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    static func gzip(_ text: String, members: Int = 3) -> [UInt8] {
        let bytes = Array(text.utf8)
        let size = max(1, bytes.count / members)
        let blocks = stride(from: 0, to: max(1, bytes.count), by: size).map {
            Array(bytes[$0..<min($0 + size, bytes.count)])
        }
        return blocks.flatMap { DeflateCompressor(level: 1).compress($0) }
    }

    /// Compresses a file with an external program.
    func compress(_ name: String, by program: CompressionProgram, to other: String? = nil) async throws {
        let bytes = try await Command.run(program.path, program.options + [url(name).path])
        try Data(bytes).write(to: url(other ?? name + program.ending))
        try remove(name)
    }

    func compress(_ name: String) throws {
        let text = try String(contentsOf: url(name), encoding: .utf8)
        try Data(Self.gzip(text)).write(to: url(name + ".gz"))
        try remove(name)
    }

    func move(_ name: String, to other: String) throws {
        try FileManager.default.moveItem(at: url(name), to: url(other))
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(at: url(name)) }

    func copy(_ name: String, to other: String) throws {
        try Data(contentsOf: url(name)).write(to: url(other))
    }

    /// - Parameter leavesHole: Whether the writer continues at its old offset, as HAProxy does.
    func truncate(_ name: String = "haproxy.log", leavesHole: Bool = false) throws {
        let handle = try FileHandle(forWritingTo: url(name))
        let size = try handle.seekToEnd()
        try handle.truncate(atOffset: 0)
        if leavesHole { try handle.truncate(atOffset: size) }
        try handle.close()
    }

    /// Returns a line in HAProxy's format with a unique number.
    static func line(_ number: Int, _ proxyKind: ProxyKind = .http) -> String {
        let time =
            "[23/Nov/2026:\(10 + number / 3600 % 12):\(10 + number / 60 % 50):\(10 + number % 50).\(100 + number % 900)]"
        let name = proxyKind.rawValue
        return
            "10.0.0.1:\(1024 + number % 60_000) \(time) \(name)-in \(name)-servers/id-1 0/0/\(number) \"GET /tcp-in/http-in/\(number)\""
    }

    static func lines(_ numbers: Range<Int>, _ proxyKind: ProxyKind = .http) -> String {
        numbers.map { line($0, proxyKind) + "\n" }.joined()
    }
}

/// The programs with which logrotate can compress.
enum CompressionProgram: String, CaseIterable, Sendable {
    case gzip, xz, zstd, bzip2

    var path: String { "/usr/bin/\(rawValue)" }
    var options: [String] { self == .zstd ? ["-q", "-c"] : ["-c"] }
    var ending: String {
        switch self {
        case .gzip: ".gz"
        case .xz: ".xz"
        case .zstd: ".zst"
        case .bzip2: ".bz2"
        }
    }
}

/// The warnings of a log.
final class Warnings: LogHandler, Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .warning }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) { kept.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") } }
}

func withRotatedLog(_ body: (RotatedLog) async throws -> Void) async throws {
    try await withTemporaryFolder { try await body(RotatedLog(folder: $0)) }
}
