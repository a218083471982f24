// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import SteelyardCore

@Suite("The content of an archive")
struct ArchiveBodyTests {
    private func body(
        _ log: any OpenedLog,
        isCancelled: @escaping @Sendable () -> Bool = { false },
        progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) throws -> ArchiveBody {
        try ArchiveBody(log: log, compressor: CountedBlocks(), isCancelled: isCancelled, progress: progress)
    }

    @Test("a log of any length comes out whole, in blocks of about a megabyte", arguments: [0, 1, 1000, 70_000])
    func whole(lines: Int) throws {
        let log = LinesInMemory(lines: (0..<lines).map { "line \($0) \(String(repeating: "x", count: 40))" })
        let body = try body(log)
        var blocks: [[UInt8]] = []
        while let block = try body.next() { blocks.append(block) }
        #expect(try body.next() == nil, "the end stays the end")
        let sizes = blocks.map { $0.count - 1 }
        #expect(blocks.joined().filter { $0 != CountedBlocks.mark } == log.lines.flatMap { Array("\($0)\n".utf8) })
        // An empty log still makes one member, which gunzip reads.
        #expect(lines > 0 ? sizes.allSatisfy { $0 > 0 } : sizes == [0])
        #expect(sizes.dropLast().allSatisfy { 1 << 20..<1 << 20 + 100 ~= $0 })
    }

    @Test("the progress grows to the length of the log")
    func progress() throws {
        let seen = Mutex<[UInt64]>([])
        let log = LinesInMemory(lines: ["a", "bb", "ccc"])
        let body = try body(log, progress: { position in seen.withLock { $0.append(position) } })
        while try body.next() != nil {}
        #expect(seen.withLock { $0 } == [2, 5, 9])
    }

    @Test("an agent that stops ends it, also where no line is picked")
    func cancelled() throws {
        let reads = Mutex(0)
        let log = OtherPeoplesLines(reads: 1_000_000) { reads.withLock { $0 += 1 } }
        let body = try body(log, isCancelled: { reads.withLock { $0 } >= 3 })
        let error = #expect(throws: ObjectStoreError.self) { try body.next() }
        #expect(error?.code == .cancelled)
        #expect(reads.withLock { $0 } < 10)
    }

    @Test("a log that cannot be read is the source's failure", arguments: [true, false])
    func unreadable(failsAtOnce: Bool) throws {
        let error = #expect(throws: ObjectStoreError.self) {
            let body = try body(BrokenLog(failsAtOnce: failsAtOnce))
            while try body.next() != nil {}
        }
        #expect(error?.code == .sourceFailed && error?.message == "the disk is gone")
    }

    @Test("a dry run reads to the end and keeps nothing")
    func dryRun() async throws {
        let log = LinesInMemory(lines: ["a", "bb"])
        let stored = try await DryRunObjectStore().put(
            ObjectPath(
                basePath: try ObjectBasePath("c"),
                loadBalancer: try Identifier("1"),
                time: UTCTimestamp(microseconds: 0)
            ),
            at: try StorageEndpoint("https://example.com"),
            token: try StorageToken("t")
        ) { () throws(ObjectStoreError) in
            try ArchiveBody(log: log, compressor: UnchangedBlocks(), isCancelled: { false }, progress: { _ in })
        }
        #expect(stored == StoredObject(md5: "", byteCount: 5))
    }
}

/// Puts a mark before each block, so that a test sees where they begin.
private struct CountedBlocks: LogCompressor {
    static let mark: UInt8 = 0xFF

    func compress(_ block: [UInt8]) -> [UInt8] { [Self.mark] + block }
}

/// A long log without a single line of the load balancer that is asked for.
private final class OtherPeoplesLines: OpenedLog, LogReader {
    let byteCount: UInt64
    private let left: Mutex<Int>
    private let onRead: @Sendable () -> Void

    init(reads: Int, onRead: @escaping @Sendable () -> Void) {
        byteCount = UInt64(reads)
        left = Mutex(reads)
        self.onRead = onRead
    }

    func makeReader() throws(DriverError) -> any LogReader { self }

    func next() throws(DriverError) -> LogChunk? {
        onRead()
        let isOver = left.withLock { left in
            left -= 1
            return left < 0
        }
        return isOver ? nil : LogChunk(lines: [], position: 0)
    }
}

private struct BrokenLog: OpenedLog, LogReader {
    let failsAtOnce: Bool
    let byteCount: UInt64 = 10

    func makeReader() throws(DriverError) -> any LogReader {
        if failsAtOnce { throw DriverError(.logUnavailable, "the disk is gone") }
        return self
    }

    func next() throws(DriverError) -> LogChunk? { throw DriverError(.logUnavailable, "the disk is gone") }
}
