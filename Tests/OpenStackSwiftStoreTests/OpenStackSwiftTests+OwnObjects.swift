// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

extension OpenStackSwiftTests {
    /// The objects that an upload recognizes as its own, and those that it leaves alone.
    @Suite("own objects and objects of other uploads")
    struct OwnObjects {
        private let server: OpenStackSwiftServer
        private let port: Int
        private var upload: TestUpload

        init() throws {
            server = try OpenStackSwiftServer.current
            port = try Int(#require(StorageEndpoint(server.endpoint).port).number)
            upload = try TestUpload()
            upload.token = server.token
            upload.configuration.segmentBytes = 400_000
            upload.byteEstimate = UInt64(upload.content.count)
        }

        private var segmentsContainer: String { "\(upload.path.container)_segments" }

        @Test("segments are chosen before the first byte, and the content is read once")
        func estimate() async throws {
            let requests = Mutex<[String]>([])
            let proxy = FaultProxy(to: port) { request in
                requests.withLock { $0.append(String(request.head.prefix { $0 != "?" && $0 != "\r" })) }
                return nil
            }
            try await proxy.serve { proxy in
                _ = try await upload.run(at: proxy.port)
                #expect(upload.begun.value == 1)
                let sent = requests.withLock { $0 }.filter { $0.hasPrefix("PUT ") }
                // The container of segments, three segments, the manifest, the container, the manifest again.
                #expect(sent.count == 7 && sent[4].hasSuffix(upload.path.name), "\(sent)")
            }
        }

        @Test("an object that appears before the manifest is sent is kept, and the segments are removed")
        func intruder() async throws {
            try await server.makeContainer(upload.path.container)
            let (arrived, continuation) = AsyncStream<Void>.makeStream()
            let gate = Gate()
            let proxy = FaultProxy(to: port) { request in
                guard request.isManifest else { return nil }
                continuation.finish()
                gate.wait()
                return nil
            }
            try await proxy.serve { proxy in
                async let result = upload.error(at: proxy.port)
                for await _ in arrived {}
                try await server.putObject("\(upload.path)", content: "another one's")
                gate.open()
                let error = try await result
                #expect(error.code == .alreadyExists && error.status == 412)
                #expect(try await server.object("\(upload.path)")?.content == Array("another one's".utf8))
                #expect(try await server.names(in: segmentsContainer).isEmpty)
            }
        }

        @Test(
            "a second agent resumes the upload of a killed agent: it finds the object",
            arguments: [true, false]
        )
        mutating func found(_ isSegmented: Bool) async throws {
            if !isSegmented {
                upload.configuration.segmentBytes = 1 << 30
                upload.byteEstimate = nil
            }
            let first = try await upload.run(at: server.endpoint)
            let begun = upload.begun.value
            let second = try await upload.run(at: server.endpoint)
            #expect(second == StoredObject(md5: "", byteCount: first.byteCount, wasFound: true))
            #expect(upload.begun.value == begun)
        }

        @Test("the content is read only on the caller's thread")
        func oneThread() async throws {
            let threads = Mutex<Set<UInt>>([])
            let upload = ObjectUpload(
                path: upload.path,
                endpoint: try StorageEndpoint(server.endpoint),
                credentials: ["hpcs_object_store_token": try StorageToken(server.token)],
                byteEstimate: upload.byteEstimate
            ) { () throws(ObjectStoreError) in
                threads.withLock { _ = $0.insert(UInt(pthread_self())) }
                return BlocksBody([[UInt8](repeating: 1, count: 900_000)]) {
                    threads.withLock { _ = $0.insert(UInt(pthread_self())) }
                }
            }
            let store = self.upload.makeStore()
            let own = try await withTaskExecutorPreference(BlockingExecutor()) {
                let own = UInt(pthread_self())
                _ = try await store.put(upload)
                return own
            }
            #expect(threads.withLock { $0 } == [own])
        }

        @Test("the remains of an abandoned upload are removed; its object and other uploads are kept")
        mutating func remains() async throws {
            _ = try await upload.run(at: server.endpoint)
            let used = try await server.names(in: segmentsContainer)
            #expect(used.count == 3)
            let folder = upload.path.name
            let remains = [
                "\(folder)/\(upload.id)-0000000000000001/00000000", "\(folder)/\(upload.id)-00000000000000ff/00000012",
            ]
            let others = [
                "\(folder)/\(UploadID())-0000000000000001/00000000", "\(folder)/\(upload.id)-1/00000000",
                "\(folder)/\(upload.id)-0000000000000001/a%20note", "\(folder)/1/2", "other/1",
            ]
            for name in remains + others { try await server.putObject("\(segmentsContainer)/\(name)", content: "x") }

            try await upload.removeRemains(at: server.endpoint)
            let kept = used + others.map { $0.replacing("%20", with: " ") }
            #expect(try await server.names(in: segmentsContainer).sorted() == kept.sorted())
            #expect(try await server.object("\(upload.path)")?.content == upload.content)
            #expect(upload.log.lines.contains { $0.contains("segments of an abandoned upload removed") })

            // Without the object, all of them are unneeded.
            var missing = upload
            missing.path = try TestUpload.path(in: upload.path.container, "gone")
            missing.id = UploadID()
            let left = "\(missing.path.name)/\(missing.id)-0000000000000001/00000000"
            try await server.putObject("\(segmentsContainer)/\(left)", content: "x")
            try await missing.removeRemains(at: server.endpoint)
            #expect(try await server.names(in: segmentsContainer).sorted() == kept.sorted())
        }
    }
}
