// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import SystemPackage
import TestServers
import Testing

@testable import SteelyardCore
@testable import SteelyardWorker

/// The history of changes in the state directory.
@Suite struct HistoryTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func record(
        _ action: ActionKind,
        _ second: Int64,
        handle: String = "H:a:1",
        failure: ActionFailure? = nil,
        isDryRun: Bool = false
    ) -> JobRecord {
        JobRecord(
            handle: handle,
            server: "127.0.0.1:4730",
            action: action,
            loadBalancers: [],
            plan: CurrentJob.Plan(kind: "reload", description: "reload: a port changes"),
            archived: [],
            failure: failure,
            isDryRun: isDryRun,
            begin: UTCTimestamp(microseconds: second * 1_000_000),
            duration: .milliseconds(250)
        )
    }

    private static func open(_ folder: URL, isReadOnly: Bool = false) -> HistoryFile {
        HistoryFile(in: FilePath(folder.path), logger: logger, isReadOnly: isReadOnly)
    }

    private static func time(_ second: Int64, milliseconds: Int64 = 250) -> StatusTime {
        StatusTime(UTCTimestamp(microseconds: second * 1_000_000 + milliseconds * 1000))
    }

    /// The file's lines are what `Codable` makes of an entry, as `status --json` shows it.
    @Test func linesAreThoseOfCodable() throws {
        let records = [
            Self.record(.update, 1), Self.record(.archive, 2),
            Self.record(.delete, 3, failure: ActionFailure(.busy, "busy \u{1B}\n \"x\" é"), isDryRun: true),
        ]
        var history = History()
        for record in records {
            let entry = history.add(try #require(HistoryEntry(record)))
            #expect(try JSONDecoder().decode(HistoryEntry.self, from: Data(entry.line)) == entry)
            #expect(HistoryEntry(line: entry.line) == entry)
            #expect(HistoryEntry(line: Array(try JSONEncoder().encode(entry))) == entry)
        }
        #expect(HistoryEntry(line: Array("{}".utf8)) == nil)
        for time in [
            "2026-01-01 9223372036854775807:00:00.000000", "2026-01-01 00:60:00.000000", "2026-01-01 00:00:00.9999999",
        ] {
            let line =
                #"{"time":"\#(time)","handle":"h","action":"DELETE","result":"PASS","duration_us":1,"#
                + #""load_balancers":[],"dry_run":false}"#
            #expect(HistoryEntry(line: Array(line.utf8)) == nil, "\(time)")
        }
    }

    @Test func survivesTheAgent() async throws {
        try await withTemporaryFolder { folder in
            let first = Self.open(folder)
            first.note(Self.record(.update, 1))
            first.note(Self.record(.stats, 2))
            first.note(Self.record(.archive, 3))
            first.note(Self.record(.delete, 4, failure: ActionFailure(.busy, "busy \u{1B}\n \"x\"")))
            let second = Self.open(folder)
            #expect(second.history == first.history)
            #expect(second.history.changes.map(\.action) == ["UPDATE", "DELETE"])
            #expect(second.history.changes.last?.error == "busy \u{1B}\n \"x\"")
            #expect(second.history.changes.last?.errorCode == "busy")
            #expect(second.history.archive?.objectCount == 0)
            let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/history.jsonl")[
                .posixPermissions
            ]
            #expect(mode as? Int == 0o600)
        }
    }

    /// What the device does, and since when, follows from the changes that have succeeded.
    @Test func phases() async throws {
        try await withTemporaryFolder { folder in
            let file = Self.open(folder)
            #expect(file.history.since(.serving) == nil)
            file.note(Self.record(.update, 1))
            // It is not known whether the device was suspended.
            #expect(file.history.phase == nil)
            file.note(Self.record(.enable, 2))
            file.note(Self.record(.update, 3))
            #expect(file.history.since(.serving) == Self.time(2))
            file.note(Self.record(.suspend, 4, failure: ActionFailure(.timedOut, "late")))
            file.note(Self.record(.suspend, 5, isDryRun: true))
            #expect(file.history.since(.serving) == Self.time(2))
            file.note(Self.record(.suspend, 6))
            file.note(Self.record(.update, 7))
            #expect(file.history.since(.suspended) == Self.time(6))
            #expect(file.history.since(.serving) == nil)
            file.note(Self.record(.delete, 8))
            file.note(Self.record(.update, 9))
            #expect(file.history.since(.serving) == Self.time(9))
            #expect(Self.open(folder).history.since(.serving) == Self.time(9))
        }
    }

    @Test func staysSmall() async throws {
        try await withTemporaryFolder { folder in
            let file = Self.open(folder)
            file.note(Self.record(.archive, 0))
            let error = String(repeating: "é", count: 5000)
            for number in 1...1000 {
                file.note(Self.record(.update, Int64(number), failure: ActionFailure(.rejected, error)))
            }
            let path = folder.path + "/history.jsonl"
            let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
            #expect(size < 140_000)
            let history = Self.open(folder).history
            #expect(history == file.history)
            #expect(history.changes.count == 20)
            #expect(history.changes.map(\.time) == (981...1000).map { Self.time($0, milliseconds: 0) })
            #expect(history.archive != nil)
            #expect(try #require(history.changes.first?.error).unicodeScalars.count == 401)
        }
    }

    /// A line whose end a crash has lost is dropped; the others stay, and the next one is readable.
    @Test func cutLine() async throws {
        try await withTemporaryFolder { folder in
            Self.open(folder).note(Self.record(.update, 1))
            let path = folder.appending(path: "history.jsonl")
            let whole = try Data(contentsOf: path)
            try (whole + whole.prefix(40)).write(to: path)
            let file = Self.open(folder)
            #expect(file.history.changes.count == 1)
            file.note(Self.record(.suspend, 2))
            #expect(Self.open(folder).history.changes.map(\.action) == ["UPDATE", "SUSPEND"])
            #expect(!FileManager.default.fileExists(atPath: path.path + ".foreign"))
        }
    }

    @Test(arguments: ["no JSON\n", "{\"time\": 7}\n{}\n", "\u{0}\u{0}\n", "[]\n"]) func corrupt(
        _ text: String
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "history.jsonl")
            let good = Self.open(folder)
            good.note(Self.record(.update, 1))
            let line = try Data(contentsOf: path)
            try (Data(text.utf8) + line).write(to: path)
            let file = Self.open(folder)
            #expect(file.history.changes.count == 1)
            #expect(try Data(contentsOf: URL(filePath: path.path + ".foreign")) == Data(text.utf8) + line)
            file.note(Self.record(.suspend, 2))
            #expect(Self.open(folder).history.changes.map(\.action) == ["UPDATE", "SUSPEND"])
        }
    }

    /// A dry run leaves the file as it is; a file that cannot be written is no reason for the agent to fail.
    @Test func readOnly() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "history.jsonl")
            let file = Self.open(folder, isReadOnly: true)
            file.note(Self.record(.update, 1, isDryRun: true))
            #expect(file.history.changes.count == 1)
            #expect(!FileManager.default.fileExists(atPath: path.path))
            try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
            let blocked = Self.open(folder)
            blocked.note(Self.record(.update, 2))
            #expect(blocked.history.changes.count == 1)
            try FileManager.default.removeItem(at: path)
            blocked.note(Self.record(.update, 3))
            #expect(Self.open(folder).history.changes.count == 2)
        }
    }
}

extension HistoryFile {
    /// Adds a record and waits until it is written.
    fileprivate func note(_ record: JobRecord) {
        jobEnded(record)
        flush()
    }
}
