// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import Logging
import Synchronization
import TestServers
import Testing

@testable import LogArchiving
@testable import SteelyardCore

/// An ARCHIVE of the whole log.
@Suite("Full archives", .timeLimit(.minutes(5)), .ownThread)
struct FullArchiveTests {
    private static let log = LinesInMemory([.http: ["a", "b"], .tcp: ["c"]])

    private static func archive(
        _ items: [(id: String, protocol: ListenerProtocol)] = [("15", .http)],
        to store: any ObjectStore,
        journal: MemoryJournal? = nil,
        job: TestJob = TestJob(),
        log: any OpenedLog = log
    ) async throws -> ArchiveOutcome {
        let archiver = ObjectStoreArchiver(
            store: store,
            compressor: UnchangedBlocks(),
            threads: .test,
            journal: journal
        ) { UTCTimestamp(microseconds: 1_700_000_000_000_000) }
        let logger = Logger(label: "") { _ in LogRecorder() }
        let request = try ArchivePassTests.request(items)
        return await archiver.archive(request, job: job, logger: logger) { () throws(DriverError) in log }
    }

    @Test("a second archive within the same second uses the next free second", arguments: [true, false])
    func nextSecond(keepsRecords: Bool) async throws {
        let store = KeepingStore()
        let journal = keepsRecords ? MemoryJournal() : nil
        for _ in 0..<3 { #expect(try await Self.archive(to: store, journal: journal).failure == nil) }
        #expect(
            store.places == ["20", "21", "22"].map { "c/15/haproxy-20231114-2213\($0).log.gz" }
        )
        #expect(store.contents == ["a\nb\n", "a\nb\n", "a\nb\n"])
    }

    @Test("a hundred load balancers have an object each")
    func manyItems() async throws {
        let store = KeepingStore()
        let items = (0..<100).map { (id: "lb-\($0)", protocol: $0.isMultiple(of: 3) ? ListenerProtocol.tcp : .http) }
        let outcome = try await Self.archive(items, to: store, journal: MemoryJournal())
        #expect(outcome.failure == nil)
        #expect(outcome.objects.count == 100)
        let expected = items.map { item in
            "c/\(item.id)/haproxy-20231114-221320.log.gz" + (item.protocol == .tcp ? "c\n" : "a\nb\n")
        }
        #expect(zip(store.places, store.contents).map { $0 + $1 }.sorted() == expected.sorted())
    }

    @Test("the lines of an object are counted even if its first response was lost")
    func lostAnswer() async throws {
        // Like a store that queries its object before it responds: the second content is started but not used.
        let store = ScriptedStore { (_, make) throws(ObjectStoreError) in
            let content = try ScriptedStore.take(make())
            _ = try make().next()
            return content
        }
        #expect(try await Self.archive(to: store).objects.map(\.lineCount) == [2])
    }

    private func text(_ outcome: ArchiveOutcome) -> String {
        String(decoding: JSONFragment.object(outcome.fields).json, as: UTF8.self)
    }

    @Test("the reply contains the number of lines read if none belongs to a load balancer of the message")
    func nothingFound() async throws {
        let none = try await Self.archive([("15", .tcp)], to: KeepingStore(), log: LinesInMemory([.http: ["a", "b"]]))
        #expect(none.examinedLineCount == 2)
        #expect(text(none).contains(#""lines_examined":2"#))
        let some = try await Self.archive([("15", .tcp), ("16", .http)], to: KeepingStore())
        #expect(!text(some).contains("lines_examined"))
        let empty = try await Self.archive(to: KeepingStore(), log: LinesInMemory([:]))
        #expect(!text(empty).contains("lines_examined"))
    }

    @Test("progress reaches 100 % only once the store has confirmed all objects")
    func progress() async throws {
        let job = TestJob()
        let beforeAnswer = Mutex<[TestJob.Progress]>([])
        let store = ScriptedStore { (_, make) throws(ObjectStoreError) in
            let content = try ScriptedStore.take(make())
            beforeAnswer.withLock { $0 = job.reports }
            return content
        }
        let log = LinesInMemory([.http: ArchivePassTests.lines(200, "web")])
        #expect(try await Self.archive(to: store, job: job, log: log).failure == nil)
        #expect(beforeAnswer.withLock { $0.allSatisfy { $0.done < $0.total } && !$0.isEmpty })
        #expect(job.reports.last == .init(done: log.byteCount, total: log.byteCount))
        let failing = TestJob()
        let broken = KeepingStore()
        broken.fault = .breaks
        _ = try await Self.archive(to: broken, job: failing, log: log)
        #expect(failing.reports.allSatisfy { $0.done < $0.total })
    }

    @Test("a cancelled job's reason is the error")
    func cancelled() async throws {
        let job = TestJob()
        job.cancel()
        let outcome = try await Self.archive(to: KeepingStore(), job: job)
        #expect(outcome.storeError?.message == job.cancellationMessage && outcome.storeError?.code == .cancelled)
    }

    @Test("a full disk does not stop it; at worst, a segment remains")
    func fullDisk() async throws {
        let (store, journal) = (KeepingStore(), MemoryJournal())
        journal.writesLeft = 0
        #expect(try await Self.archive(to: store, journal: journal).failure == nil)
        #expect(store.contents == ["a\nb\n"])
    }
}
