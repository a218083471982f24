// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import Foundation
import HTTPStores
import Logging
import S3Store
import SteelyardCore
import SteelyardSystem
import SteelyardTestSupport
import SystemPackage
import TestServers
import Testing

@testable import LogArchiving

extension S3Tests {
    /// From a log to the output of gunzip.
    @Suite("an archive")
    struct Archive {
        private let server: MotoServer
        private let bucket = S3TestUpload.newBucket()
        private let items: [ArchiveRequest.Item]

        init() throws {
            server = try MotoServer.current
            items = [
                .init(id: try Identifier("15"), protocol: .http), .init(id: try Identifier("tcp-16"), protocol: .tcp),
            ]
        }

        @Test("two load balancers, each in its own object, with every line")
        func full() async throws {
            let log = LinesInMemory([.http: Self.lines(0..<60_000), .tcp: Self.lines(0..<10)])
            let time = UTCTimestamp(microseconds: 1_700_000_000_000_000)
            let outcome = await archive(log, by: try archiver(.full, in: nil, at: time), at: server.port, of: items)
            #expect(outcome.failure == nil && outcome.objects.map(\.lineCount) == [60_000, 10])
            let names = ["lbaas/15/haproxy-20231114-221320.log.gz", "lbaas/tcp-16/haproxy-20231114-221320.log.gz"]
            #expect(try await server.keys(in: bucket) == names)
            let isWhole = try await lines(of: names[0]) == Self.lines(0..<60_000)
            #expect(isWhole)
            #expect(try await lines(of: names[1]) == Self.lines(0..<10))
        }

        @Test("incremental: each line in one object, even if the response to an earlier upload was lost")
        func incremental() async throws {
            try await withTemporaryFolder { folder in
                let state = FilePath(folder.path)
                let (stored, mended) = (Counter(), Counter())
                // The object is stored, but all responses are lost: the agent cannot know.
                let proxy = FaultProxy(to: server.port) { request in
                    if request.isS3Object || request.isS3Completion { stored.add() }
                    return stored.value > 0 && mended.value == 0 ? .loseAnswer : nil
                }
                try await proxy.serve { proxy in
                    let log = LinesInMemory([.http: Self.lines(0..<20_000)])
                    let first = try archiver(.incremental, in: state, at: UTCTimestamp(microseconds: 1_000_000))
                    #expect(await archive(log, by: first, at: proxy.port).failure != nil)
                    #expect(try await server.keys(in: bucket).count == 1)

                    mended.add()
                    let longer = LinesInMemory([.http: Self.lines(0..<50_000)])
                    let second = try archiver(.incremental, in: state, at: UTCTimestamp(microseconds: 9_000_000))
                    let outcome = await archive(longer, by: second, at: proxy.port)
                    #expect(outcome.failure == nil && outcome.objects.map(\.lineCount) == [20_000, 30_000])
                    var all: [String] = []
                    for key in try await server.keys(in: bucket) { all += try await lines(of: key) }
                    let isWhole = all == Self.lines(0..<50_000)
                    #expect(isWhole)
                    #expect(try await server.uploads(in: bucket) == [])
                }
            }
        }

        private func archiver(
            _ mode: ArchiveSettings.Mode,
            in folder: FilePath?,
            at time: UTCTimestamp
        ) throws -> ObjectStoreArchiver {
            var configuration = S3Configuration()
            configuration.partBytes = 50_000
            configuration.retries.attempts = 2
            configuration.retries.firstWait = .milliseconds(1)
            let store = S3Store(configuration: configuration, logger: Logger(label: "test"))
            return ObjectStoreArchiver(
                store: store,
                compressor: DeflateCompressor(),
                threads: .test,
                mode: mode,
                journal: folder.map { FileArchiveJournal($0.appending("archived")) },
                now: { time }
            )
        }

        private func archive(
            _ log: LinesInMemory,
            by archiver: ObjectStoreArchiver,
            at port: Int,
            of items: [ArchiveRequest.Item]? = nil
        ) async -> ArchiveOutcome {
            do {
                let request = try ArchiveRequest(
                    store: "s3",
                    endpoint: StorageEndpoint("http://127.0.0.1:\(port)"),
                    credentials: MotoServer.Account.owner.credentials(),
                    basePath: ObjectBasePath("/\(bucket)/lbaas"),
                    items: items ?? [self.items[0]]
                )
                return await archiver.archive(request, job: TestJob(), logger: Logger(label: "test")) {
                    () throws(DriverError) in log
                }
            } catch {
                Issue.record(error)
                return ArchiveOutcome(failure: nil)
            }
        }

        private func lines(of key: String) async throws -> [String] {
            let object = try #require(try await server.object("\(bucket)/\(key)"))
            let text = String(decoding: try await Gunzip.run(object.content), as: UTF8.self)
            return text.split(separator: "\n").map(String.init)
        }

        private static func lines(_ numbers: Range<Int>) -> [String] {
            numbers.map { "haproxy[1]: 10.0.0.\($0 % 255):\($0) [] in GET /\($0 &* 2_654_435_761 % 1_000_003)" }
        }
    }
}
