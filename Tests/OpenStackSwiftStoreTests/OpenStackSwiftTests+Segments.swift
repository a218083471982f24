// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

extension OpenStackSwiftTests {
    /// Content larger than the limit of one object.
    @Suite("in segments")
    struct Segments {
        private static let segmentBytes = 100_000

        private let server: OpenStackSwiftServer
        private var upload: TestUpload

        init() throws {
            server = try OpenStackSwiftServer.current
            upload = try TestUpload()
            upload.token = server.token
            upload.configuration.segmentBytes = Self.segmentBytes
        }

        @Test("the contract", arguments: ObjectStoreContract.checks)
        func contract(_ check: ObjectStoreContract.Check) async throws {
            let configuration = OpenStackSwiftConfiguration(segmentBytes: Self.segmentBytes)
            let store = OpenStackSwiftStore(configuration: configuration, logger: Logger(label: "test"))
            try await check.run(store, at: server.place(server.endpoint))
        }

        @Test(
            "for every size, the number of segments is minimal, and none is empty",
            arguments: [
                (99_999, 0), (100_000, 0), (100_001, 2), (200_000, 2), (200_001, 3), (300_000, 3), (512_345, 6),
            ]
        )
        mutating func sizes(_ size: Int, _ count: Int) async throws {
            var random = SeededGenerator(seed: UInt64(size))
            var rest = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }[...]
            upload.blocks = []
            while !rest.isEmpty {
                let block = rest.prefix(Int.random(in: 1...70_000, using: &random))
                upload.blocks.append(Array(block))
                rest.removeFirst(block.count)
            }
            let stored = try await upload.run(at: server.endpoint)
            #expect(stored == StoredObject(md5: MD5.hexDigits(of: upload.content), byteCount: UInt64(size)))
            let object = try #require(try await server.object("\(upload.path)"))
            #expect(object.content == upload.content)
            let segments = try await server.names(in: "\(upload.path.container)_segments")
            #expect(segments.count == count)
            var joined: [UInt8] = []
            for name in segments {
                #expect(name.hasPrefix("\(upload.path.name)/"))
                let segment = try #require(try await server.object("\(upload.path.container)_segments/\(name)"))
                #expect((1...Self.segmentBytes).contains(segment.content.count))
                joined += segment.content
            }
            #expect(segments.isEmpty || joined == upload.content)
        }

        @Test("cancelling during an upload leaves no segment")
        mutating func cancelled() async throws {
            upload.blocks = [[UInt8]](repeating: [UInt8](repeating: 1, count: 50_000), count: 400)
            let (upload, server) = (upload, server)
            let port = try Int(#require(StorageEndpoint(server.endpoint).port).number)
            let (third, continuation) = AsyncStream<Void>.makeStream()
            let proxy = FaultProxy(to: port) { request in
                if request.isSegment, request.head.contains("/00000003 ") { continuation.finish() }
                return nil
            }
            try await proxy.serve { proxy in
                let task = Task { try await upload.run(at: proxy.port) }
                for await _ in third {}
                task.cancel()
                let error = await #expect(throws: ObjectStoreError.self) { try await task.value }
                #expect(error?.code == .cancelled)
                let left = try await server.names(in: upload.path.container)
                let leftSegments = try await server.names(in: "\(upload.path.container)_segments")
                #expect(left == [] && leftSegments == [])
            }
        }

        @Test("a store with a limit below the segment size: the error names the setting")
        func storeTakesLess() async throws {
            try await withOpenStackSwift(options: ["--max-file-size", "50000"]) { small in
                var upload = upload
                upload.token = small.token
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: small.endpoint) }
                #expect(error?.code == .tooLarge)
                #expect(error?.message.contains("lower archive.segment_bytes") == true)
            }
        }
    }
}
