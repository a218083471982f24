// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import GzipCompression
import Logging
import OpenStackSwiftStore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

@testable import SteelyardCore

extension OpenStackSwiftTests {
    /// From a log to what gunzip gives back.
    @Suite("an archive")
    struct Archive {
        @Test("two load balancers, each in an object of its own, every line of it")
        func twoLoadBalancers() async throws {
            let server = try OpenStackSwiftServer.current
            let store = OpenStackSwiftStore(configuration: .init(), logger: Logger(label: "test"))
            let time = UTCTimestamp(microseconds: 1_700_000_000_000_000)
            let archiver = LogArchiver(store: store, compressor: DeflateCompressor(), now: { time })
            let container = "logs-\(UInt64.random(in: 0...UInt64.max))"
            let request = try ArchiveRequest(
                endpoint: StorageEndpoint(server.endpoint),
                token: StorageToken(server.token),
                basePath: ObjectBasePath("/\(container)/lbaas"),
                items: [
                    .init(id: Identifier("15"), protocol: .http), .init(id: Identifier("tcp-16"), protocol: .tcp),
                ]
            )
            let logs = [MemoryLog(lines: 60_000, of: "http-in"), MemoryLog(lines: 10, of: "tcp-in")]
            let job = RecordingJob()
            let log = CollectedLog()
            try await archiver.archive(request, logs: logs, job: job, logger: log.makeLogger())

            let names = ["lbaas/15/haproxy-20231114-221320.log.gz", "lbaas/tcp-16/haproxy-20231114-221320.log.gz"]
            #expect(try await server.names(in: container) == names)
            for (name, source) in zip(names, logs) {
                let object = try #require(try await server.object("\(container)/\(name)"))
                #expect(try await DeflateCompressorTests.gunzip(object.content) == Array(source.chunks.joined()))
                #expect(log.lines.contains { $0.contains(object.etag) && $0.contains(name) })
            }
            let total = logs[0].byteCount + logs[1].byteCount
            #expect(job.reports.last == total)
            #expect(job.reports == job.reports.sorted())
        }

        @Test("a log without a line of this load balancer is an archive that gunzip reads")
        func empty() async throws {
            let server = try OpenStackSwiftServer.current
            let store = OpenStackSwiftStore(configuration: .init(), logger: Logger(label: "test"))
            let archiver = LogArchiver(store: store, compressor: DeflateCompressor())
            let container = "logs-\(UInt64.random(in: 0...UInt64.max))"
            let request = try ArchiveRequest(
                endpoint: StorageEndpoint(server.endpoint),
                token: StorageToken(server.token),
                basePath: ObjectBasePath(container),
                items: [.init(id: Identifier("15"), protocol: .http)]
            )
            let logger = Logger(label: "test")
            try await archiver.archive(
                request,
                logs: [MemoryLog(lines: 0, of: "")],
                job: RecordingJob(),
                logger: logger
            )
            let name = try #require(try await server.names(in: container).first)
            let object = try #require(try await server.object("\(container)/\(name)"))
            #expect(!object.content.isEmpty)
            #expect(try await DeflateCompressorTests.gunzip(object.content).isEmpty)
        }
    }
}

private final class MemoryLog: OpenedLog {
    let chunks: [[UInt8]]

    var byteCount: UInt64 { chunks.reduce(0) { $0 + UInt64($1.count) } }

    init(lines: Int, of proxy: String) {
        let text = (0..<lines).map { Array("haproxy[1]: 10.0.0.\($0 % 255):\($0) [] \(proxy) GET /\($0)\n".utf8) }
        chunks = stride(from: 0, to: lines, by: 1000).map { Array(text[$0..<min($0 + 1000, lines)].joined()) }
    }

    func makeReader() throws(DriverError) -> any LogReader { Reader(chunks) }

    private final class Reader: LogReader {
        private let state: Mutex<(rest: ArraySlice<[UInt8]>, position: UInt64)>

        init(_ chunks: [[UInt8]]) { state = Mutex((chunks[...], 0)) }

        func next() throws(DriverError) -> LogChunk? {
            state.withLock { state in
                guard let lines = state.rest.popFirst() else { return nil }
                state.position += UInt64(lines.count)
                return LogChunk(lines: lines, position: state.position)
            }
        }
    }
}

private final class RecordingJob: JobContext {
    let handle = "H:test:1"
    let isCancelled = false
    private let kept = Mutex<[UInt64]>([])

    var reports: [UInt64] { kept.withLock { $0 } }

    func report(progress: UInt64, of total: UInt64) { kept.withLock { $0.append(progress) } }
}
