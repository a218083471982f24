// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import S3Store
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

extension S3Tests {
    /// A failing network between the store and S3: the complete object, or an error and nothing.
    @Suite("through a failing network")
    struct Faults {
        private let server: MotoServer
        private var upload: S3TestUpload

        init() throws {
            server = try MotoServer.current
            upload = try S3TestUpload()
            upload.configuration.retries.attempts = 6
            upload.configuration.stallTimeout = .seconds(1)
            upload.configuration.totalTimeout = .seconds(120)
            var random = SeededGenerator(seed: 7)
            upload.blocks = (0..<3).map { _ in (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &random) } }
        }

        @Test("in one object", arguments: S3FaultCase.all)
        mutating func inOneObject(_ fault: S3FaultCase) async throws {
            try await run(fault) { $0.isS3Object }
        }

        @Test("at the start of a multipart upload", arguments: S3FaultCase.all.filter { !$0.isInMidContent })
        mutating func atTheBeginning(_ fault: S3FaultCase) async throws {
            upload.configuration.partBytes = 200_000
            try await run(fault) { $0.isS3Creation }
        }

        @Test("in a part", arguments: S3FaultCase.all)
        mutating func inAPart(_ fault: S3FaultCase) async throws {
            upload.configuration.partBytes = 200_000
            // The third part, so that there are others to remove.
            try await run(fault) { $0.isS3Part && $0.head.contains("?partNumber=3&") }
        }

        @Test("at the completion of a multipart upload", arguments: S3FaultCase.all.filter { !$0.isInMidContent })
        mutating func atTheEnd(_ fault: S3FaultCase) async throws {
            upload.configuration.partBytes = 200_000
            try await run(fault) { $0.isS3Completion }
        }

        @Test("responses that are always lost: the object is found, no remains", arguments: [900_000, 200_000])
        mutating func lostAnswers(_ partBytes: Int) async throws {
            upload.configuration.partBytes = partBytes
            try await server.putObject("\(upload.path.container)/other", content: "other")
            let proxy = FaultProxy(to: server.port) { $0.isS3Object || $0.isS3Completion ? .loseAnswer : nil }
            try await proxy.serve { proxy in try await expectWhole(try await upload.run(at: proxy.port)) }
        }

        @Test("a wrong checksum in the responses: an object is queried, a part is sent again")
        mutating func otherChecksum() async throws {
            try await FaultProxy(to: server.port) { $0.isS3Object ? .changeETag : nil }.serve { proxy in
                try await expectWhole(try await upload.run(at: proxy.port))
            }
            upload.path = try S3TestUpload().path
            upload.configuration.partBytes = 200_000
            try await FaultProxy(to: server.port) { $0.isS3Part ? .changeETag : nil }.serve { proxy in
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
                #expect(error?.code == .checksumMismatch)
                try await expectNothing()
            }
        }

        @Test("a wrong checksum in all responses: the object is removed")
        mutating func removed() async throws {
            try await FaultProxy(to: server.port) { _ in .changeETag }.serve { proxy in
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
                #expect(error?.code == .checksumMismatch)
                #expect(error?.message.contains("and it was removed") == true)
                try await expectNothing()
            }
        }

        @Test("a slow store, at 4 MB/s, gets the complete object", arguments: [8 << 20, 1_000_000])
        mutating func slow(_ partBytes: Int) async throws {
            upload.configuration.partBytes = partBytes
            upload.blocks = [[UInt8]](repeating: upload.blocks[0], count: 12)
            try await FaultProxy(to: server.port, rate: 4_000_000).serve { proxy in
                try await expectWhole(try await upload.run(at: proxy.port))
            }
        }

        @Test("a store that fails permanently: the error reports the remains, and a later call removes them")
        mutating func gone() async throws {
            upload.configuration.partBytes = 200_000
            upload.configuration.retries.attempts = 2
            let isGone = Counter()
            let proxy = FaultProxy(to: server.port) { request in
                if request.head.contains("?partNumber=3&") { isGone.add() }
                return isGone.value > 0 ? .reset(after: 0) : nil
            }
            try await proxy.serve { proxy in
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
                #expect(error?.code == .unavailable && error?.mayBeStored == true)
                #expect(error?.message.contains("abort the multipart uploads of \(upload.path)") == true)
            }
            #expect(try await server.uploads(in: upload.path.container) == [upload.path.name])
            try await upload.removeRemains(at: server.endpoint)
            try await expectNothing()
        }

        @Test("an object of another upload in its place is not accepted as ours", arguments: [900_000, 200_000])
        mutating func foreignObject(_ partBytes: Int) async throws {
            upload.configuration.partBytes = partBytes
            let (server, path) = (server, upload.path)
            try await server.putObject("\(path)", content: "another's")
            let asked = Counter()
            // As if it had been stored after the first query.
            let proxy = FaultProxy(to: server.port) { request in
                request.head.hasPrefix("HEAD ") && asked.add() == 0 ? .answer("404 Not Found") : nil
            }
            try await proxy.serve { proxy in
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
                #expect(error?.code == .alreadyExists)
                let object = try await server.object("\(path)")
                #expect(object?.content == Array("another's".utf8))
                #expect(try await server.uploads(in: path.container) == [])
            }
        }

        @Test("a multipart upload that another program has aborted: the content restarts")
        mutating func aborted() async throws {
            upload.configuration.partBytes = 200_000
            // The delayed request must not time out, however slow the other side is.
            upload.configuration.stallTimeout = .seconds(600)
            let (upload, server) = (upload, server)
            // Each side waits for the other: the request is released once the parts are removed.
            let (gone, reached) = (Gate(), Gate())
            let proxy = FaultProxy(to: server.port) { request in
                guard request.head.contains("?partNumber=3&") else { return nil }
                reached.open()
                gone.wait()
                return nil
            }
            try await proxy.serve { proxy in
                let running = Task {
                    defer { reached.open() }
                    return try await upload.run(at: proxy.port)
                }
                defer { gone.open() }
                try await blocking { reached.wait() }
                try await upload.removeRemains(at: server.endpoint)
                gone.open()
                #expect(try await running.value == upload.stored)
                #expect(upload.begun.value == 2)
                #expect(try await server.object("\(upload.path)")?.content == upload.content)
                #expect(try await server.uploads(in: upload.path.container) == [])
            }
        }

        private func run(
            _ fault: S3FaultCase,
            target: @escaping @Sendable (FaultProxy.Request) -> Bool
        ) async throws {
            // Created in advance, so that the first request of the kind does not fail.
            try await server.putObject("\(upload.path.container)/other", content: "other")
            let seen = Counter()
            let proxy = FaultProxy(to: server.port) { request in target(request) ? fault.fault(seen.add()) : nil }
            try await proxy.serve { proxy in
                let start = ContinuousClock.now
                if let code = fault.code {
                    let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
                    #expect(error?.code == code, "\(error?.message ?? "")")
                    #expect(error.map { upload.isRevealed(in: "\($0)") } == false)
                    try await expectNothing()
                } else {
                    try await expectWhole(try await upload.run(at: proxy.port))
                }
                // The fault has occurred.
                #expect(seen.value > 0)
                #expect(.now - start < upload.configuration.totalTimeout)
                #expect(!upload.log.lines.contains { upload.isRevealed(in: $0) })
            }
        }

        private func expectWhole(_ stored: StoredObject) async throws {
            #expect(stored == upload.stored)
            #expect(upload.begun.value == 1, "the content is read once, whatever fails")
            #expect(try await server.object("\(upload.path)")?.content == upload.content)
            #expect(try await server.uploads(in: upload.path.container) == [])
        }

        private func expectNothing() async throws {
            #expect(try await server.object("\(upload.path)") == nil)
            #expect(try await server.uploads(in: upload.path.container) == [])
        }
    }
}
