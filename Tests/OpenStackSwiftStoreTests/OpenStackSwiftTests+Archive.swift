// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import Logging
import OpenStackSwiftStore
import SteelyardSystem
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

@testable import LogArchiving
@testable import SteelyardCore

extension OpenStackSwiftTests {
    /// From a log to the output of gunzip.
    @Suite("an archive")
    struct Archive {
        private static let threads = ArchiveThreads(compressors: 2) { try ThreadExecutor(name: $0) }

        @Test("two load balancers, each in its own object, with every line")
        func twoLoadBalancers() async throws {
            let server = try OpenStackSwiftServer.current
            let store = OpenStackSwiftStore(configuration: .init(), logger: Logger(label: "test"))
            let time = UTCTimestamp(microseconds: 1_700_000_000_000_000)
            let archiver = ObjectStoreArchiver(
                store: store,
                compressor: DeflateCompressor(),
                threads: Self.threads,
                now: { time }
            )
            let container = "logs-\(UInt64.random(in: 0...UInt64.max))"
            let request = try ArchiveRequest(
                endpoint: StorageEndpoint(server.endpoint),
                credentials: ["hpcs_object_store_token": try StorageToken(server.token)],
                basePath: ObjectBasePath("/\(container)/lbaas"),
                items: [
                    .init(id: Identifier("15"), protocol: .http), .init(id: Identifier("tcp-16"), protocol: .tcp),
                ]
            )
            let source = MemoryLog([.http: 60_000, .tcp: 10])
            let job = RecordingJob()
            let log = LogRecorder()
            let outcome = await archiver.archive(request, job: job, logger: Logger(label: "test") { [log] _ in log }) {
                () throws(DriverError) in source
            }
            #expect(outcome.failure == nil && outcome.objects.map(\.lineCount) == [60_000, 10])

            let names = ["lbaas/15/haproxy-20231114-221320.log.gz", "lbaas/tcp-16/haproxy-20231114-221320.log.gz"]
            #expect(try await server.names(in: container) == names)
            for (name, metered) in zip(names, [MeteredProtocol.http, .tcp]) {
                let object = try #require(try await server.object("\(container)/\(name)"))
                #expect(try await Gunzip.run(object.content) == source.bytes(of: metered))
                #expect(log.lines.contains { $0.contains(object.etag) && $0.contains(name) })
            }
            #expect(job.reports.last == source.byteCount)
            #expect(job.reports == job.reports.sorted())
        }

        @Test("a log without lines of this load balancer becomes an archive that gunzip reads")
        func empty() async throws {
            let server = try OpenStackSwiftServer.current
            let store = OpenStackSwiftStore(configuration: .init(), logger: Logger(label: "test"))
            let archiver = ObjectStoreArchiver(store: store, compressor: DeflateCompressor(), threads: Self.threads)
            let container = "logs-\(UInt64.random(in: 0...UInt64.max))"
            let request = try ArchiveRequest(
                endpoint: StorageEndpoint(server.endpoint),
                credentials: ["hpcs_object_store_token": try StorageToken(server.token)],
                basePath: ObjectBasePath(container),
                items: [.init(id: Identifier("15"), protocol: .http)]
            )
            let logger = Logger(label: "test")
            let outcome = await archiver.archive(request, job: RecordingJob(), logger: logger) {
                () throws(DriverError) in
                MemoryLog([:])
            }
            #expect(outcome.failure == nil && outcome.objects.map(\.lineCount) == [0])
            let name = try #require(try await server.names(in: container).first)
            let object = try #require(try await server.object("\(container)/\(name)"))
            #expect(!object.content.isEmpty)
            #expect(try await Gunzip.run(object.content).isEmpty)
        }
    }
}

private final class MemoryLog: OpenedLog {
    private let chunks: [(metered: MeteredProtocol, lines: [String])]

    var byteCount: UInt64 { UInt64(MeteredProtocol.allCases.reduce(0) { $0 + bytes(of: $1).count }) }

    init(_ counts: [MeteredProtocol: Int]) {
        chunks = counts.flatMap { metered, count in
            let text = (0..<count).map { "haproxy[1]: 10.0.0.\($0 % 255):\($0) [] \(metered)-in GET /\($0)\n" }
            return stride(from: 0, to: count, by: 1000).map { (metered, Array(text[$0..<min($0 + 1000, count)])) }
        }
    }

    func bytes(of metered: MeteredProtocol) -> [UInt8] {
        chunks.filter { $0.metered == metered }.flatMap { $0.lines.flatMap { Array($0.utf8) } }
    }

    func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader { Reader(self, parts) }

    private final class Reader: LogReader {
        private let parts: [LogPart]
        private let state: Mutex<(rest: ArraySlice<(metered: MeteredProtocol, lines: [String])>, position: UInt64)>

        init(_ log: MemoryLog, _ parts: [LogPart]) {
            self.parts = parts
            state = Mutex((log.chunks[...], 0))
        }

        var examinedLineCount: UInt64 { 0 }

        func next(into blocks: inout [LogBlock]) throws(DriverError) -> UInt64? {
            state.withLock { state in
                guard let chunk = state.rest.popFirst() else { return nil }
                let bytes = chunk.lines.flatMap { Array($0.utf8) }
                for (index, part) in parts.enumerated() where part.metered == chunk.metered {
                    blocks[index].bytes += bytes
                    blocks[index].lineCount += UInt64(chunk.lines.count)
                }
                state.position += UInt64(bytes.count)
                return state.position
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
