// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import Logging
import Synchronization
import TestServers
import Testing

@testable import LogArchiving
@testable import SteelyardCore

/// In incremental mode, each line is in the store exactly once, whatever has failed in between.
@Suite("Incremental archives", .timeLimit(.minutes(5)), .ownThread)
struct IncrementalArchiveTests {
    /// A device whose agent restarts for each archive.
    private final class Device: Sendable {
        let store = KeepingStore()
        let journal = MemoryJournal()
        let log = LogRecorder()
        private let lines = Mutex<[String]>([])

        var written: String { lines.withLock { $0.map { $0 + "\n" }.joined() } }

        func write(_ new: [String]) { lines.withLock { $0 += new } }

        func archive(
            to place: String = "c",
            seconds: Int64 = 0,
            protocol: ListenerProtocol = .http,
            log opened: (any OpenedLog)? = nil
        ) async throws -> ArchiveOutcome {
            let archiver = archiver(seconds: seconds)
            let request = try ArchiveRequest(
                endpoint: StorageEndpoint("https://example.com"),
                credentials: ["hpcs_object_store_token": try StorageToken("t")],
                basePath: ObjectBasePath(place),
                items: [.init(id: Identifier("15"), protocol: `protocol`)]
            )
            let log = opened ?? LinesInMemory([.http: lines.withLock { $0 }])
            return await archiver.archive(
                request,
                job: TestJob(),
                logger: Logger(label: "") { _ in self.log },
                openLog: { () throws(DriverError) in log }
            )
        }

        func archiver(seconds: Int64 = 0) -> ObjectStoreArchiver {
            ObjectStoreArchiver(
                store: store,
                compressor: UnchangedBlocks(),
                threads: .test,
                mode: .incremental,
                journal: journal
            ) {
                UTCTimestamp(microseconds: (1_700_000_000 + seconds) * 1_000_000)
            }
        }
    }

    @Test("each archive contains the new lines; without new lines, it is empty")
    func news() async throws {
        let device = Device()
        device.write(["a", "b"])
        #expect(try await device.archive().objects.map(\.lineCount) == [2])
        device.write(["c"])
        // Even within the same second, each has its own name.
        #expect(try await device.archive().objects.map(\.lineCount) == [1])
        #expect(try await device.archive(seconds: 100).objects.map(\.lineCount) == [0])
        #expect(device.store.contents == ["a\nb\n", "c\n", "empty"])
    }

    @Test("each line is stored exactly once, whatever fails", arguments: Seeds.first(50))
    func faults(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let device = Device()
        var number = 0
        for round in 0..<12 {
            let count = random.below(4)
            device.write((number..<number + count).map { "line \($0)" })
            number += count
            device.store.fault = random.pick(KeepingStore.Fault.allCases)
            device.journal.writesLeft = random.isLucky(oneIn: 3) ? random.below(3) : .max
            let outcome = try await device.archive(seconds: Int64(round))
            if device.store.fault == .none, device.journal.writesLeft > 100 { #expect(outcome.failure == nil) }
        }
        device.store.fault = .none
        device.journal.writesLeft = .max
        let outcome = try await device.archive(seconds: 100)
        #expect(outcome.failure == nil)
        #expect(device.store.contents.filter { $0 != "empty" }.joined() == device.written, "seed \(seed)")
    }

    @Test("another program's object with the announced name is neither overwritten nor accepted as ours")
    func foreign() async throws {
        let device = Device()
        device.write(["a", "b"])
        device.store.fault = .losesAnswer
        #expect(try await device.archive().storeError?.code == .timedOut)
        device.store.replace(with: Array("another device's\n".utf8))
        device.store.fault = .none
        device.write(["c"])
        #expect(try await device.archive(seconds: 5).objects.map(\.lineCount) == [3])
        #expect(device.store.contents == ["another device's\n", "a\nb\nc\n"])
        #expect(device.log.lines.contains { $0.hasPrefix("warning") && $0.contains("c/15/haproxy-") })
    }

    @Test("a recovered object is reported with the new ones, and a failed one is not sent again under two names")
    func recovered() async throws {
        let device = Device()
        device.write(["a", "b"])
        device.store.fault = .losesAnswer
        _ = try await device.archive()
        device.store.fault = .none
        device.write(["c"])
        let outcome = try await device.archive(seconds: 5)
        #expect(outcome.objects.map(\.lineCount) == [2, 1])
        #expect(device.store.contents == ["a\nb\n", "c\n"])
    }

    @Test("lines announced for another container go to the new one")
    func anotherPlace() async throws {
        let device = Device()
        device.write(["a"])
        device.store.fault = .refuses
        _ = try await device.archive(to: "first")
        device.store.fault = .none
        #expect(try await device.archive(to: "second").objects.map(\.lineCount) == [1])
    }

    @Test(
        "a corrupt record is renamed, and all lines are sent",
        arguments: [
            "", "{", "{\"format\":\"2\"}", "[]", "{\"format\":\"1\",\"time\":\"1\",\"mark\":5}",
            "{\"format\":\"1\",\"time\":1}", "{\"format\":\"1\",\"time\":\"9223372036854775807\"}",
            "{\"format\":\"1\",\"time\":\"1\",\"intentEndpoint\":[]}",
        ]
    )
    func corrupt(text: String) async throws {
        let device = Device()
        device.write(["a"])
        _ = try await device.archive()
        device.journal.fill(with: Array(text.utf8))
        #expect(try await device.archive(seconds: 5).objects.map(\.lineCount) == [1])
        #expect(device.log.lines.contains { $0.hasPrefix("error") } && device.journal.asideCount == 1)
    }

    @Test(
        "a stored object is not rewritten if the log has lost some of its lines, and no line is duplicated"
    )
    func recoveredWithoutItsLog() async throws {
        let device = Device()
        device.write(["a", "b"])
        device.store.fault = .losesAnswer
        _ = try await device.archive()
        device.store.fault = .none
        // Like a log whose oldest rotated file was removed: the mark of the announced object is unchanged.
        let rest = LinesInMemory([.http: ["lost", "b", "c"]])
        let outcome = try await device.archive(seconds: 5, log: rest)
        #expect(device.store.contents.first == "a\nb\n")
        #expect(outcome.failure == nil && outcome.objects.first?.byteCount == 4)
        #expect(
            outcome.objects.map(\.lineCount) == [nil, 1],
            "the line count of an object is unknown if the log has lost its lines"
        )
    }

    @Test("the next ARCHIVE to the same container removes the remains of an interrupted upload")
    func remains() async throws {
        let device = Device()
        device.write(["a"])
        device.store.fault = .breaks
        _ = try await device.archive()
        #expect(device.store.remains.isEmpty)
        device.store.fault = .none
        _ = try await device.archive(to: "another", seconds: 5)
        #expect(device.store.remains.isEmpty, "another container's token may be invalid for this one")
        device.store.failsRemoval = true
        #expect(try await device.archive(seconds: 10).failure == nil)
        let first = try #require(device.store.remains.first)
        #expect(first.path.description.hasPrefix("c/15/haproxy-") && device.store.remains.count == 1)
        device.store.failsRemoval = false
        _ = try await device.archive(seconds: 15)
        #expect(device.store.remains == [first, first], "the removal is retried")
        _ = try await device.archive(seconds: 20)
        #expect(device.store.remains.count == 2, "and not repeated after success")
    }

    @Test("a DELETE removes the records, even during an archive")
    func deleted() async throws {
        let device = Device()
        device.write(["a"])
        _ = try await device.archive()
        try device.archiver().forget()
        #expect(try await device.archive(seconds: 5).objects.map(\.lineCount) == [1])
        let archiver = device.archiver(seconds: 20)
        device.store.onPut = { try? archiver.forget() }
        let request = try ArchivePassTests.request([("15", .http)])
        let log = LinesInMemory([.http: ["a", "b"]])
        let logger = Logger(label: "") { _ in LogRecorder() }
        let outcome = await archiver.archive(request, job: TestJob(), logger: logger) { () throws(DriverError) in log }
        #expect(outcome.failure == nil && device.journal.isEmpty, "the next device has no record of the stored object")
    }

    @Test("an archive whose log was opened before a DELETE records nothing after it, and reads no old record")
    func deletedWhileItWaits() async throws {
        let device = Device()
        device.write(["a"])
        _ = try await device.archive()
        let archiver = device.archiver(seconds: 20)
        let request = try ArchivePassTests.request([("15", .http)])
        let outcome = await archiver.archive(request, job: TestJob(), logger: Logger(label: "") { _ in LogRecorder() })
        {
            () throws(DriverError) in
            try archiver.forget()
            return LinesInMemory([.http: ["a", "b"]])
        }
        #expect(outcome.failure == nil && device.journal.isEmpty)
    }

    @Test("the name of another program's object is no longer announced")
    func takenNames() async throws {
        let device = Device()
        device.write(["a"])
        _ = try await device.archive()
        // The record is lost, and with it the time of the last name.
        device.journal.fill(with: ArchiveRecord().bytes)
        #expect(try await device.archive().objects.map(\.lineCount) == [1])
        let record = device.journal.record(of: ArchiveJournalKey(id: try Identifier("15"), metered: .http))
        #expect(record.flatMap { ArchiveRecord($0) }?.announcements == [])
        #expect(device.store.places.count == 2)
    }

    @Test("an id with another protocol is another load balancer")
    func protocols() async throws {
        let device = Device()
        let log = LinesInMemory([.http: ["web"], .tcp: ["sql"]])
        #expect(try await device.archive(log: log).objects.map(\.lineCount) == [1])
        #expect(try await device.archive(seconds: 5, protocol: .tcp, log: log).objects.map(\.lineCount) == [1])
    }
}
