// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

extension OpenStackSwiftTests {
    /// A failing network between the store and OpenStack Swift: the complete object, or an error and nothing.
    @Suite("through a failing network")
    struct Faults {
        private static let segmentBytes = 200_000

        private let server: OpenStackSwiftServer
        private let port: Int
        private var upload: TestUpload

        init() throws {
            server = try OpenStackSwiftServer.current
            port = try Int(#require(StorageEndpoint(server.endpoint).port).number)
            upload = try TestUpload()
            upload.token = server.token
            upload.configuration.retries.attempts = 6
            upload.configuration.stallTimeout = .seconds(5)
            upload.configuration.totalTimeout = .seconds(120)
            var random = SeededGenerator(seed: 7)
            upload.blocks = (0..<3).map { _ in (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &random) } }
        }

        @Test("in one object", arguments: FaultCase.all)
        mutating func inOneObject(_ fault: FaultCase) async throws {
            try await run(fault, target: { $0.isUpload }, segments: 0)
        }

        @Test("in segments", arguments: FaultCase.all)
        mutating func inSegments(_ fault: FaultCase) async throws {
            upload.configuration.segmentBytes = Self.segmentBytes
            // The third segment, so that there are others to remove.
            try await run(fault, target: { $0.isSegment && $0.head.contains("/00000002 HTTP") }, segments: 5)
        }

        @Test("at the manifest", arguments: FaultCase.all.filter { !$0.isInMidContent })
        mutating func atTheManifest(_ fault: FaultCase) async throws {
            upload.configuration.segmentBytes = Self.segmentBytes
            try await run(fault, target: { $0.isManifest }, segments: 5)
        }

        @Test("a slow store, at 1 MB/s, gets the complete object", arguments: [5_368_709_120, 1_000_000])
        mutating func slow(_ segmentBytes: Int) async throws {
            upload.configuration.segmentBytes = segmentBytes
            upload.blocks = [[UInt8]](repeating: upload.blocks[0], count: 8)
            try await FaultProxy(to: port, rate: 1_000_000).serve { proxy in
                let stored = try await upload.run(at: proxy.port)
                try await expectWhole(stored, segments: segmentBytes == 1_000_000 ? 3 : 0)
            }
        }

        @Test("a store that fails permanently: the error names the remaining segments")
        mutating func gone() async throws {
            upload.configuration.segmentBytes = Self.segmentBytes
            upload.configuration.retries.attempts = 2
            try await FaultProxy(to: port) { $0.number > 5 ? .reset(after: 0) : nil }.serve { proxy in
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
                #expect(error?.code == .unavailable)
                let place = "\(upload.path.container)_segments/\(upload.path.name)/"
                #expect(error?.message.contains("remove everything in \(place)") == true, "\(error?.message ?? "")")
                let object = try await server.object("\(upload.path)")
                #expect(object == nil)
            }
        }

        private func run(
            _ fault: FaultCase,
            target: @escaping @Sendable (FaultProxy.Request) -> Bool,
            segments: Int
        ) async throws {
            // Created in advance, so that the first request of the kind does not fail.
            try await server.makeContainer(upload.path.container)
            let seen = Atomic(0)
            let proxy = FaultProxy(to: port) { request in
                guard target(request) else { return nil }
                return fault.fault(seen.add(1, ordering: .sequentiallyConsistent).oldValue)
            }
            try await proxy.serve { proxy in
                let start = ContinuousClock.now
                if let code = fault.code {
                    let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
                    #expect(error?.code == code, "\(error?.message ?? "")")
                    #expect(error.map { "\($0)".contains(upload.token) } == false)
                    let left = try await server.names(in: upload.path.container)
                    let leftSegments = try await server.names(in: "\(upload.path.container)_segments")
                    #expect(left == [] && leftSegments == [])
                } else {
                    try await expectWhole(try await upload.run(at: proxy.port), segments: segments)
                }
                // The fault has occurred.
                #expect(seen.load(ordering: .sequentiallyConsistent) > 0)
                #expect(.now - start < upload.configuration.totalTimeout)
                #expect(!upload.log.lines.contains { $0.contains(upload.token) })
            }
        }

        private func expectWhole(_ stored: StoredObject, segments: Int) async throws {
            let content = upload.content
            #expect(stored == StoredObject(md5: MD5.hexDigits(of: content), byteCount: UInt64(content.count)))
            let object = try #require(try await server.object("\(upload.path)"))
            #expect(object.content == content)
            #expect(try await server.names(in: upload.path.container) == [upload.path.name])
            #expect(try await server.names(in: "\(upload.path.container)_segments").count == segments)
        }

        @Test("an object of another upload in its place is not accepted as ours")
        func foreignObject() async throws {
            try await LoopbackScript { [port] connection, number in
                if number == 0 {
                    // Receives everything, and closes the connection before the response.
                    connection.answerThatObjectIsMissing()
                    _ = connection.readHead()
                    _ = connection.takeChunks()
                    return connection.reset()
                }
                connection.relay(to: port)
            }.serve { proxy in
                var other = upload
                other.id = UploadID()
                other.blocks = [[1, 2, 3]]
                _ = try await other.run(at: server.endpoint)
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
                #expect(error?.code == .alreadyExists)
                #expect(try await server.object("\(upload.path)")?.content == [1, 2, 3])
            }
        }
    }
}
