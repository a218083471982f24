// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

extension OpenStackSwiftTests {
    /// Proxies in front of OpenStack Swift, and stores with fewer features.
    @Suite("through a proxy that changes messages")
    struct Proxies {
        private static let segmentBytes = 400_000

        private let server: OpenStackSwiftServer
        private let port: Int
        private var upload: TestUpload

        init() throws {
            server = try OpenStackSwiftServer.current
            port = try Int(#require(StorageEndpoint(server.endpoint).port).number)
            upload = try TestUpload()
            upload.token = server.token
        }

        @Test("one that rejects chunked uploads gets a Content-Length", arguments: [411, 501], [0, 3])
        mutating func refusesChunks(_ status: Int, _ segments: Int) async throws {
            sendInSegments(if: segments > 0)
            try await server.makeContainer(upload.path.container)
            let proxy = FaultProxy(to: port) { $0.isUpload ? .answer("\(status) No Chunks") : nil }
            try await proxy.serve { proxy in
                let stored = try await upload.run(at: proxy.port)
                try await expectWhole(stored, segments: segments)
                // Once for the rejection, once to count, once to send.
                #expect(upload.begun.value == 3)
                #expect(upload.log.lines.isEmpty)
            }
        }

        @Test("one that rejects chunked uploads, and content that changes between two readings")
        func changes() async throws {
            let sizes = Mutex([700, 700, 699])
            let path = upload.path
            try await server.makeContainer(path.container)
            let proxy = FaultProxy(to: port) { $0.isUpload ? .answer("411 Length Required") : nil }
            try await proxy.serve { proxy in
                for size in [699, 701] {
                    sizes.withLock { $0 = [700, 700, size] }
                    let changing = ObjectUpload(
                        path: path,
                        endpoint: try StorageEndpoint("http://127.0.0.1:\(proxy.port)/v1/AUTH_test"),
                        credentials: ["hpcs_object_store_token": try StorageToken(server.token)]
                    ) { () throws(ObjectStoreError) in
                        BlocksBody([
                            [UInt8](repeating: 1, count: sizes.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] })
                        ])
                    }
                    let store = upload.makeStore()
                    let error = await #expect(throws: ObjectStoreError.self) {
                        try await withTaskExecutorPreference(BlockingExecutor()) { try await store.put(changing) }
                    }
                    #expect(error?.code == .sourceFailed)
                    #expect(
                        error?.message.hasPrefix("the object's content changed between two readings of the log") == true
                    )
                    #expect(try await server.object("\(path)") == nil)
                }
            }
        }

        @Test("a missing container is created before any content is lost", arguments: [0, 3])
        mutating func missingContainer(_ segments: Int) async throws {
            sendInSegments(if: segments > 0)
            let stored = try await upload.run(at: server.endpoint)
            try await expectWhole(stored, segments: segments)
            #expect(upload.begun.value == 1, "a log is read once")
        }

        @Test("a write-only token", arguments: [0, 3])
        mutating func writeOnly(_ segments: Int) async throws {
            sendInSegments(if: segments > 0)
            let proxy = FaultProxy(to: port) { $0.head.hasPrefix("HEAD ") ? .answer("403 Forbidden") : nil }
            try await proxy.serve { proxy in
                let stored = try await upload.run(at: proxy.port)
                try await expectWhole(stored, segments: segments)
                let again = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
                // The store does not report the owner of the object: it is in fact this upload.
                #expect(again?.code == .unavailable && again?.mayBeStored == true, "\(again?.message ?? "")")
                upload.isFresh = false
                let later = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
                #expect(later?.code == .forbidden && later?.mayBeStored == true, "\(later?.message ?? "")")
                let remains = await #expect(throws: ObjectStoreError.self) {
                    try await upload.removeRemains(at: "http://127.0.0.1:\(proxy.port)/v1/AUTH_test")
                }
                #expect(remains?.code == .forbidden, "\(remains?.message ?? "")")
                #expect(try await server.object("\(upload.path)")?.content == upload.content)
            }
        }

        @Test("one that answers 417 to Expect gets the same request without it", arguments: [0, 3])
        mutating func refusesExpect(_ segments: Int) async throws {
            sendInSegments(if: segments > 0)
            let refusals = Atomic(0)
            let proxy = FaultProxy(to: port) { request in
                guard request.head.lowercased().contains("\r\nexpect:") else { return nil }
                refusals.add(1, ordering: .sequentiallyConsistent)
                return .answer("417 Expectation Failed")
            }
            try await proxy.serve { proxy in
                let stored = try await upload.run(at: proxy.port)
                try await expectWhole(stored, segments: segments)
                #expect(refusals.load(ordering: .sequentiallyConsistent) == 1)
                #expect(upload.log.lines.isEmpty)
            }
        }

        @Test("a store without If-None-Match: an existing object is not rewritten")
        mutating func noPreconditions() async throws {
            let puts = Atomic(0)
            let proxy = FaultProxy(to: port) { request in
                guard request.isUpload else { return nil }
                puts.add(1, ordering: .sequentiallyConsistent)
                return .changeRequest { $0.replacing("If-None-Match: *\r\n", with: "") }
            }
            try await proxy.serve { proxy in
                let first = try await upload.run(at: proxy.port)
                try await expectWhole(first, segments: 0)
                let count = puts.load(ordering: .sequentiallyConsistent)

                // The same upload again, with less content, like after a crash.
                var again = upload
                again.blocks = [[1, 2, 3]]
                let found = try await again.run(at: proxy.port)
                #expect(found == StoredObject(md5: "", byteCount: first.byteCount, wasFound: true))
                // Another upload of the same name.
                again.id = UploadID()
                let error = try await again.error(at: proxy.port)
                #expect(error.code == .alreadyExists && !error.mayBeStored)
                #expect(again.begun.value == upload.begun.value)
                #expect(puts.load(ordering: .sequentiallyConsistent) == count)
                try await expectWhole(first, segments: 0)
            }
        }

        @Test("a store without If-None-Match: an object whose response was lost is not rewritten")
        mutating func noPreconditionsAndLostAnswer() async throws {
            try await server.makeContainer(upload.path.container)
            let puts = Atomic(0)
            let proxy = FaultProxy(to: port) { request in
                guard request.isUpload else { return nil }
                puts.add(1, ordering: .sequentiallyConsistent)
                return .loseAnswer
            }
            try await proxy.serve { proxy in
                try await expectWhole(try await upload.run(at: proxy.port), segments: 0)
                #expect(puts.load(ordering: .sequentiallyConsistent) == 1)
            }
        }

        @Test("a store without Static Large Objects: the manifest and the segments are removed")
        mutating func noLargeObjects() async throws {
            sendInSegments(if: true)
            let proxy = FaultProxy(to: port) { request in
                request.isManifest ? .changeRequest { $0.replacing("?multipart-manifest=put", with: "") } : nil
            }
            try await proxy.serve { proxy in
                let error = try await upload.error(at: proxy.port)
                #expect(error.code == .unsupported && !error.mayBeStored)
                #expect(
                    error.message == """
                        the object store lacks Static Large Objects: it stored the manifest itself (HTTP 201 from \
                        127.0.0.1:\(proxy.port)), and it was removed; enable slo in the store's pipeline, or raise \
                        archive.segment_bytes so that no object needs segments
                        """
                )
                try await expectNothing()
            }
        }

        @Test("a store that rejects the manifest", arguments: ["400 Bad Request", "405 Method Not Allowed"])
        mutating func refusesManifest(_ status: String) async throws {
            sendInSegments(if: true)
            let proxy = FaultProxy(to: port) { request in
                request.isManifest ? .answer(status, headers: ["Content-Type: text/plain"]) : nil
            }
            try await proxy.serve { proxy in
                let error = try await upload.error(at: proxy.port)
                #expect(error.code == .unsupported)
                #expect(
                    error.message == """
                        the object store rejects the manifest, maybe for lack of Static Large Objects (HTTP \
                        \(status.prefix(3)) from 127.0.0.1:\(proxy.port): the proxy's reason); enable slo in the store's \
                        pipeline, or raise archive.segment_bytes so that no object needs segments
                        """
                )
                try await expectNothing()
            }
        }

        @Test("a proxy that weakens ETags: the object is stored", arguments: [0, 3])
        mutating func weakTags(_ segments: Int) async throws {
            sendInSegments(if: segments > 0)
            let proxy = FaultProxy(to: port) { _ in .changeAnswer { Self.changeTag(of: $0) { "W/\"\($0)\"" } } }
            try await proxy.serve { proxy in
                try await expectWhole(try await upload.run(at: proxy.port), segments: segments)
            }
        }

        @Test("a proxy that changes ETags: the upload fails, and the object is kept", arguments: [0, 3])
        mutating func otherTags(_ segments: Int) async throws {
            sendInSegments(if: segments > 0)
            let proxy = FaultProxy(to: port) { request in
                request.head.contains("_segments/")
                    ? nil : .changeAnswer { Self.changeTag(of: $0) { "W/\"\($0)-gzip\"" } }
            }
            try await proxy.serve { proxy in
                let error = try await upload.error(at: proxy.port)
                #expect(error.code == .checksumMismatch && error.mayBeStored)
                #expect(
                    error.message == """
                        the object store's checksum cannot be compared, because its ETag is not an MD5 (HTTP 200 from \
                        127.0.0.1:\(proxy.port)); \(upload.path) is unchanged; make the proxy in front of the store pass \
                        ETags unchanged
                        """
                )
                #expect(try await server.object("\(upload.path)")?.content == upload.content)
            }
        }

        private mutating func sendInSegments(if isSegmented: Bool) {
            guard isSegmented else { return }
            upload.configuration.segmentBytes = Self.segmentBytes
            upload.byteEstimate = UInt64(upload.content.count)
        }

        /// Changes the value of the header ETag.
        private static func changeTag(of head: String, _ change: (String) -> String) -> String {
            head.split(separator: "\r\n").map { line in
                guard line.lowercased().hasPrefix("etag:") else { return String(line) }
                return "ETag: " + change(line.dropFirst(5).filter { !$0.isWhitespace && $0 != "\"" })
            }
            .joined(separator: "\r\n")
        }

        private func expectWhole(_ stored: StoredObject, segments: Int) async throws {
            let content = upload.content
            #expect(stored == StoredObject(md5: MD5.hexDigits(of: content), byteCount: UInt64(content.count)))
            #expect(try await server.object("\(upload.path)")?.content == content)
            #expect(try await server.names(in: "\(upload.path.container)_segments").count == segments)
        }

        private func expectNothing() async throws {
            #expect(try await server.names(in: upload.path.container).isEmpty)
            #expect(try await server.names(in: "\(upload.path.container)_segments").isEmpty)
        }
    }
}
