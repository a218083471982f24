// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import Logging
import Synchronization
import TestServers
import Testing

@testable import LogArchiving
@testable import SteelyardCore

/// One reading of a log for all objects, whether their uploads succeed or fail.
@Suite("The pass over a log", .timeLimit(.minutes(5)), .ownThread)
struct ArchivePassTests {
    /// Lines of about a kilobyte, so that a few thousand fill a few blocks.
    static func lines(_ count: Int, _ word: String) -> [String] {
        (0..<count).map { "\(word) \($0) " + String(repeating: "x", count: 1000) }
    }

    static func bytes(_ lines: [String]) -> [UInt8] { Array(lines.joined(separator: "\n").utf8) + [0x0A] }

    static func request(_ items: [(id: String, protocol: ListenerProtocol)]) throws -> ArchiveRequest {
        try ArchiveRequest(
            endpoint: StorageEndpoint("https://example.com"),
            credentials: ["hpcs_object_store_token": try StorageToken("t")],
            basePath: ObjectBasePath("c"),
            items: items.map { try .init(id: Identifier($0.id), protocol: $0.protocol) }
        )
    }

    private static func archive(
        _ log: any OpenedLog,
        _ items: [(id: String, protocol: ListenerProtocol)],
        to store: any ObjectStore,
        compressor: any LogCompressor = UnchangedBlocks(),
        job: TestJob = TestJob()
    ) async throws -> ArchiveOutcome {
        await ObjectStoreArchiver(store: store, compressor: compressor, threads: .test)
            .archive(
                try request(items),
                job: job,
                logger: Logger(label: "test") { _ in LogRecorder() },
                openLog: { () throws(DriverError) in log }
            )
    }

    @Test("a log of any length is archived completely, in blocks of about a megabyte", arguments: [0, 1, 1000, 7000])
    func whole(count: Int) async throws {
        let log = LinesInMemory([.http: Self.lines(count, "web")])
        let sizes = Mutex<[Int]>([])
        let store = ScriptedStore { (_, make) throws(ObjectStoreError) in
            let body = try make()
            var content: [UInt8] = []
            while let block = try body.next() {
                sizes.withLock { $0.append(block.count - 1) }
                content += block
            }
            guard try body.next() == nil else { throw ObjectStoreError(.refused, "the end is permanent") }
            return content
        }
        let outcome = try await Self.archive(log, [("1", .http)], to: store, compressor: MarkedBlocks())
        let content = store.contents["1"]?.filter { $0 != MarkedBlocks.mark }
        #expect(content == (count == 0 ? [] : Self.bytes(Self.lines(count, "web"))))
        #expect(outcome.objects.map(\.lineCount) == [UInt64(count)])
        let found = sizes.withLock { $0 }
        // An empty log still becomes one member, which gunzip reads.
        #expect(count > 0 ? found.allSatisfy { $0 > 0 } : found == [0])
        #expect(found.dropLast().allSatisfy { 1 << 20..<1 << 20 + 2000 ~= $0 })
    }

    @Test("one reading serves all load balancers, including several of one protocol")
    func oneReading() async throws {
        let reads = Mutex(0)
        let (web, sql) = (Self.lines(5000, "web"), Self.lines(3000, "sql"))
        let log = LinesInMemory([.http: web, .tcp: sql]) { reads.withLock { $0 += 1 } }
        let store = ScriptedStore { (_, make) throws(ObjectStoreError) in try ScriptedStore.take(make()) }
        let items: [(String, ListenerProtocol)] = [("a", .http), ("b", .tcp), ("c", .galera), ("d", .http)]
        let outcome = try await Self.archive(log, items, to: store)
        #expect(outcome.failure == nil && outcome.objects.map(\.id.description) == ["a", "b", "c", "d"])
        #expect(outcome.objects.map(\.lineCount) == [5000, 3000, 3000, 5000])
        #expect(store.contents["a"] == Self.bytes(web) && store.contents["d"] == Self.bytes(web))
        #expect(store.contents["b"] == Self.bytes(sql) && store.contents["c"] == Self.bytes(sql))
        #expect(reads.withLock { $0 } == 8001)
    }

    @Test("the maximum number of load balancers of a message")
    func many() async throws {
        let log = LinesInMemory([.http: ["web"], .tcp: ["sql"]])
        let store = ScriptedStore { (_, make) throws(ObjectStoreError) in try ScriptedStore.take(make()) }
        let items = (0..<100).map { ("\($0)", $0 % 2 == 0 ? ListenerProtocol.http : .tcp) }
        let job = TestJob()
        let outcome = try await Self.archive(log, items, to: store, job: job)
        #expect(outcome.objects.map(\.id.description) == (0..<100).map(String.init))
        #expect(store.contents["98"] == Array("web\n".utf8) && store.contents["99"] == Array("sql\n".utf8))
        #expect(job.reports.last?.done == job.reports.last?.total)
    }

    @Test("if one store is slow, all wait, and only a few blocks are read ahead")
    func backPressure() async throws {
        let reads = Mutex(0)
        let log = LinesInMemory([.http: Self.lines(30_000, "web")]) { reads.withLock { $0 += 1 } }
        let slow = Latch()
        let store = ScriptedStore { (id, make) throws(ObjectStoreError) in
            let body = try make()
            let first = try ScriptedStore.take(body, atMost: 1)
            guard id == "slow" else { return try first + ScriptedStore.take(body) }
            await slow.pass()
            return try first + ScriptedStore.take(body)
        }
        let archive = Task { try await Self.archive(log, [("slow", .http), ("fast", .http)], to: store) }
        await slow.waitForArrival()
        // The pass stops once it is full: two equal counts in a row show it.
        var before = -1
        while before != reads.withLock({ $0 }) {
            before = reads.withLock { $0 }
            try await Task.sleep(for: .milliseconds(300))
        }
        slow.open()
        let outcome = try await archive.value
        #expect(outcome.failure == nil)
        #expect(store.contents["slow"] == Self.bytes(Self.lines(30_000, "web")))
        #expect(store.contents["fast"] == store.contents["slow"])
        // 1 for the slow one, 6 in flight, and the partial one; a block is 1,040 lines.
        #expect(before <= 9 * 1040)
    }

    @Test("an upload that fails in the middle restarts completely, and the others continue", arguments: [1, 2, 5])
    func retried(after blocks: Int) async throws {
        let web = Self.lines(10_000, "web")
        let log = LinesInMemory([.http: web])
        let store = ScriptedStore { (id, make) throws(ObjectStoreError) in
            if id == "unlucky" { _ = try ScriptedStore.take(make(), atMost: blocks) }
            return try ScriptedStore.take(make())
        }
        let outcome = try await Self.archive(log, [("lucky", .http), ("unlucky", .http)], to: store)
        #expect(outcome.failure == nil && outcome.objects.map(\.lineCount) == [10_000, 10_000])
        #expect(store.contents["unlucky"] == Self.bytes(web) && store.contents["lucky"] == Self.bytes(web))
    }

    @Test("an upload that has taken nothing yet may restart within the same reading")
    func begunAgain() async throws {
        let reads = Mutex(0)
        let log = LinesInMemory([.http: Self.lines(20_000, "web")]) { reads.withLock { $0 += 1 } }
        let store = ScriptedStore { (_, make) throws(ObjectStoreError) in
            // Like an upload whose container is missing.
            _ = try make()
            return try ScriptedStore.take(make())
        }
        let outcome = try await Self.archive(log, [("a", .http), ("b", .http)], to: store)
        #expect(outcome.failure == nil && store.contents["a"] == store.contents["b"])
        #expect(reads.withLock { $0 } == 20_001, "the log was read once")
    }

    @Test("a permanent failure does not delay the other uploads")
    func failed() async throws {
        let web = Self.lines(10_000, "web")
        let store = ScriptedStore { (id, make) throws(ObjectStoreError) in
            guard id == "good" else { throw ObjectStoreError(.forbidden, "not you") }
            return try ScriptedStore.take(make())
        }
        let outcome = try await Self.archive(
            LinesInMemory([.http: web]),
            [("bad", .http), ("good", .http)],
            to: store
        )
        #expect(outcome.storeError?.message == "not you" && outcome.objects.map(\.id.description) == ["good"])
        #expect(store.contents["good"] == Self.bytes(web))
    }

    @Test("an unreadable log fails all uploads", arguments: [0, 1, 3000])
    func unreadable(after reads: Int) async throws {
        let store = ScriptedStore { (_, make) throws(ObjectStoreError) in try ScriptedStore.take(make()) }
        let log = BrokenLog(LinesInMemory([.http: Self.lines(5000, "web")]), after: reads)
        let outcome = try await Self.archive(log, [("a", .http), ("b", .tcp)], to: store)
        #expect(outcome.storeError == ObjectStoreError(.sourceFailed, "the disk is gone"))
        #expect(outcome.objects.isEmpty && store.contents.isEmpty)
    }

    @Test("a stopping agent ends the pass at any point", arguments: [0, 1, 500, 2000, 6000, 19_999])
    func stopped(after limit: Int) async throws {
        let job = TestJob()
        let reads = Mutex(0)
        let log = LinesInMemory([.http: Self.lines(20_000, "web")]) {
            let count = reads.withLock { reads in
                reads += 1
                return reads
            }
            if count > limit { job.cancel() }
        }
        if limit == 0 { job.cancel() }
        let store = ScriptedStore { (_, make) throws(ObjectStoreError) in try ScriptedStore.take(make()) }
        let outcome = try await Self.archive(log, [("a", .http), ("b", .tcp)], to: store, job: job)
        #expect(outcome.storeError?.code == .cancelled && outcome.objects.isEmpty && store.contents.isEmpty)
    }

    @Test("a cancelled task ends the pass, even if all wait for a slow store", arguments: [0, 1, 4])
    func cancelled(after blocks: Int) async throws {
        let log = LinesInMemory([.http: Self.lines(20_000, "web")])
        let latch = Latch()
        let store = ScriptedStore { (_, make) throws(ObjectStoreError) in
            let body = try make()
            _ = try ScriptedStore.take(body, atMost: blocks)
            await latch.pass()
            return try ScriptedStore.take(body)
        }
        let archive = Task { try await Self.archive(log, [("a", .http), ("b", .http)], to: store) }
        await latch.waitForArrival(of: 2)
        archive.cancel()
        latch.open()
        let outcome = try await archive.value
        #expect(outcome.storeError?.code == .cancelled && store.contents.isEmpty)
    }

    @Test("a dry run reads to the end and stores nothing")
    func dryRun() async throws {
        let outcome = try await Self.archive(
            LinesInMemory([.http: ["a", "bb"]]),
            [("1", .http), ("2", .tcp)],
            to: DryRunObjectStore()
        )
        #expect(outcome.objects.map(\.byteCount) == [5, 5] && outcome.objects.map(\.lineCount) == [2, 0])
    }

    @Test("without threads there is an error, not an archive")
    func noThreads() async throws {
        struct NoMore: Error, CustomStringConvertible { let description = "no more threads" }
        let archiver = ObjectStoreArchiver(
            store: DryRunObjectStore(),
            compressor: UnchangedBlocks(),
            threads: ArchiveThreads(compressors: 2) { _ in throw NoMore() }
        )
        let outcome = await archiver.archive(
            try Self.request([("1", .http)]),
            job: TestJob(),
            logger: Logger(label: "test") { _ in LogRecorder() },
            openLog: { () throws(DriverError) in LinesInMemory([:]) }
        )
        #expect(outcome.storeError?.message == "no more threads")
    }

    @Test("a partial block is passed on after a while, so that no connection is idle for long")
    func sparse() throws {
        var block = LogBlock()
        let now = ContinuousClock.now
        #expect(!block.isDue(since: now - .seconds(3600)), "an empty block")
        block.bytes = [1]
        #expect(!block.isDue(since: now) && block.isDue(since: now - LogPass.longestSilence - .seconds(1)))
        block.bytes = [UInt8](repeating: 1, count: LogPass.blockSize)
        #expect(block.isDue(since: now))
    }
}

/// Inserts a mark before each block, so that a test can find the blocks' starts.
private struct MarkedBlocks: LogCompressor {
    static let mark: UInt8 = 0xFF

    func compress(_ block: [UInt8]) -> [UInt8] { [Self.mark] + block }
}

/// A log that becomes unreadable at some line, or is unreadable from the start.
private struct BrokenLog: OpenedLog {
    let log: LinesInMemory
    let limit: Int

    init(_ log: LinesInMemory, after limit: Int) {
        self.log = log
        self.limit = limit
    }

    var byteCount: UInt64 { log.byteCount }

    func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader {
        if limit == 0 { throw DriverError(.logUnavailable, "the disk is gone") }
        return Reader(reader: try log.makeReader(of: parts), limit: limit)
    }

    private final class Reader: LogReader {
        let reader: any LogReader
        let limit: Int
        let count = Mutex(0)

        init(reader: any LogReader, limit: Int) {
            self.reader = reader
            self.limit = limit
        }

        var examinedLineCount: UInt64 { 0 }

        func next(into blocks: inout [LogBlock]) throws(DriverError) -> UInt64? {
            let isOver = count.withLock { count in
                count += 1
                return count > limit
            }
            if isOver { throw DriverError(.logUnavailable, "the disk is gone") }
            return try reader.next(into: &blocks)
        }
    }
}
