// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

extension OpenStackSwiftTests {
    /// The number of connections of an upload.
    @Suite("connections")
    struct Connections {
        @Test("consecutive objects use one connection")
        func objects() async throws {
            let server = try OpenStackSwiftServer.current
            var upload = try TestUpload()
            upload.token = server.token
            try await server.makeContainer(upload.path.container)
            let port = try Int(#require(StorageEndpoint(server.endpoint).port).number)
            let store = upload.makeStore()
            try await FaultProxy(to: port).serve { proxy in
                for id in ["a", "b", "c"] {
                    var next = upload
                    next.path = try TestUpload.path(in: upload.path.container, id)
                    _ = try await next.run(at: "http://127.0.0.1:\(proxy.port)/v1/AUTH_test", by: store)
                }
                #expect(proxy.connectionCount == 1)
                let names = try await server.names(in: upload.path.container)
                #expect(names.count == 3)
            }
        }

        @Test("segments, the manifest and the next object use one connection")
        func segments() async throws {
            let server = try OpenStackSwiftServer.current
            var upload = try TestUpload()
            upload.token = server.token
            upload.configuration.segmentBytes = 100_000
            try await server.makeContainer(upload.path.container)
            let port = try Int(#require(StorageEndpoint(server.endpoint).port).number)
            let store = upload.makeStore()
            try await FaultProxy(to: port).serve { proxy in
                let endpoint = "http://127.0.0.1:\(proxy.port)/v1/AUTH_test"
                _ = try await upload.run(at: endpoint, by: store)
                // The first was closed when the object exceeded the size limit.
                #expect(proxy.connectionCount == 2)
                var next = upload
                next.blocks = [[1, 2, 3]]
                next.path = try TestUpload.path(in: upload.path.container, "next")
                _ = try await next.run(at: endpoint, by: store)
                #expect(proxy.connectionCount == 2)
            }
        }

        @Test("the query after a response without a checksum uses the same connection")
        func asking() async throws {
            let upload = try TestUpload()
            let etag = MD5.hexDigits(of: upload.content)
            try await LoopbackScript { connection, _ in
                connection.answerThatObjectIsMissing()
                _ = connection.readHead()
                _ = connection.takeChunks()
                connection.answer("201 Created")
                _ = connection.readHead()
                connection.send("HTTP/1.1 200 OK\r\nEtag: \(etag)\r\nContent-Length: 900000\r\n\r\n")
                connection.stall()
            }.serve { server in
                _ = try await upload.run(at: server.port)
                #expect(server.connectionCount == 1)
            }
        }

        @Test("an idle connection that the store has closed has no effect")
        func closedMeanwhile() async throws {
            let upload = try TestUpload()
            let etag = MD5.hexDigits(of: upload.content)
            let store = upload.makeStore()
            try await LoopbackScript { connection, _ in
                connection.answerThatObjectIsMissing()
                _ = connection.readHead()
                _ = connection.takeChunks()
                connection.answer("201 Created", headers: ["Etag: \(etag)"])
            }.serve { server in
                for _ in 0..<3 {
                    _ = try await upload.run(at: "http://127.0.0.1:\(server.port)/v1/AUTH_test", by: store)
                }
                #expect(server.connectionCount == 3)
            }
        }

        @Test("Retry-After is honored")
        func retryAfter() async throws {
            let upload = try TestUpload()
            let etag = MD5.hexDigits(of: upload.content)
            try await LoopbackScript { connection, number in
                if number == 0 { connection.answerThatObjectIsMissing() }
                _ = connection.readHead()
                guard number > 0 else {
                    return connection.answer("429 Too Many Requests", headers: ["Retry-After: 1", "Connection: close"])
                }
                _ = connection.takeChunks()
                connection.answer("201 Created", headers: ["Etag: \(etag)"])
            }.serve { server in
                let start = ContinuousClock.now
                _ = try await upload.run(at: server.port)
                #expect(.now - start >= .seconds(1))
            }
        }
    }
}
