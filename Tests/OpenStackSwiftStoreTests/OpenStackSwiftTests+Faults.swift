// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

extension OpenStackSwiftTests {
    /// A network that fails between the store and OpenStack Swift.
    @Suite("through a network that fails")
    struct Faults {
        private let server: OpenStackSwiftServer
        private let port: Int
        private var upload: TestUpload

        init() throws {
            server = try OpenStackSwiftServer.current
            port = try Int(#require(StorageEndpoint(server.endpoint).port).number)
            upload = try TestUpload()
            upload.token = server.token
        }

        @Test("a connection that is reset once: stored all the same", arguments: [1, 500, 100_000, 800_000])
        func resetOnce(_ limit: Int) async throws {
            let port = port
            try await LoopbackScript { connection, number in
                var count = 0
                connection.relay(to: port) { bytes in
                    count += bytes.count
                    return number > 0 || count <= limit
                }
                connection.reset()
            }.serve { proxy in
                let stored = try await upload.run(at: proxy.port)
                try await expectStored(stored)
            }
        }

        @Test("a connection that is always reset in mid-upload: nothing is left")
        func resetAlways() async throws {
            let port = port
            try await LoopbackScript { connection, _ in
                var count = 0
                connection.relay(to: port) { bytes in
                    count += bytes.count
                    return count <= 500_000
                }
                connection.reset()
            }.serve { proxy in
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
                #expect(error?.code == .unavailable)
                let names = try await server.names(in: upload.path.container)
                #expect(names.isEmpty)
            }
        }

        @Test("an answer that is lost after the last byte: stored, and once", arguments: [1, 3])
        func lostAnswer(_ losses: Int) async throws {
            let port = port
            let lost = Mutex(0)
            try await LoopbackScript { connection, _ in
                connection.relay(to: port) { bytes in
                    guard String(decoding: bytes, as: UTF8.self).contains("Etag: ") else { return true }
                    return lost.withLock { count in
                        count += 1
                        return count > losses
                    }
                }
                connection.reset()
            }.serve { proxy in
                let stored = try await upload.run(at: proxy.port)
                try await expectStored(stored)
                #expect(try await server.names(in: upload.path.container).count == 1)
            }
        }

        @Test("a network that takes nothing more: given up after the stall timeout, then stored")
        func stall() async throws {
            let port = port
            var upload = upload
            upload.configuration.stallTimeout = .seconds(2)
            upload.blocks = [[UInt8]](repeating: [UInt8](repeating: 1, count: 1 << 20), count: 30)
            let stalled = Atomic(false)
            try await LoopbackScript { connection, _ in
                var count = 0
                connection.relay(to: port) { bytes in
                    count += bytes.count
                    if count > 3_000_000, !stalled.exchange(true, ordering: .sequentiallyConsistent) {
                        connection.freeze(seconds: 6)
                        return false
                    }
                    return true
                }
                connection.reset()
            }.serve { proxy in
                let stored = try await upload.run(at: proxy.port)
                #expect(stored.byteCount == 30 << 20)
                #expect(upload.begun.value >= 2)
                #expect(try await server.object("\(upload.path)")?.etag == stored.md5)
            }
        }

        @Test("somebody else's object in its place is not taken for ours")
        func foreignObject() async throws {
            try await LoopbackScript { [port] connection, number in
                if number == 0 {
                    // Takes it all, and is gone before the answer.
                    _ = connection.readHead()
                    _ = connection.takeChunks()
                    return connection.reset()
                }
                connection.relay(to: port)
            }.serve { proxy in
                var other = upload
                other.blocks = [[1, 2, 3]]
                _ = try await other.run(at: server.endpoint)
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: proxy.port) }
                #expect(error?.code == .alreadyExists)
                #expect(try await server.object("\(upload.path)")?.content == [1, 2, 3])
            }
        }

        private func expectStored(_ stored: StoredObject) async throws {
            #expect(stored.byteCount == UInt64(upload.content.count))
            let object = try #require(try await server.object("\(upload.path)"))
            #expect(object.content == upload.content)
            #expect(object.etag == stored.md5)
        }
    }
}
