// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

/// The requests on the wire.
@Suite("Requests to a server")
struct StoreRequestTests {
    @Test("one chunked PUT that overwrites nothing, after 100 Continue, with the token in its header")
    func head() async throws {
        let upload = try TestUpload(container: "a container")
        let etag = MD5.hexDigits(of: upload.content)
        let head = Mutex("")
        try await LoopbackScript { connection, _ in
            connection.answerThatObjectIsMissing()
            head.withLock { $0 = connection.readHead() ?? "" }
            _ = connection.takeChunks()
            connection.answer("201 Created", headers: ["Etag: \(etag)"])
        }.serve { server in
            _ = try await upload.run(at: server.port)
            let lines = head.withLock { $0 }.split(separator: "\r\n").map(String.init)
            #expect(lines.first == "PUT /v1/AUTH_test/a%20container/lb/haproxy-19700101-000000.log.gz HTTP/1.1")
            let attempt = "X-Object-Meta-Steelyard-Attempt: "
            #expect(lines.contains { $0.hasPrefix(attempt) && $0.count == attempt.count + 16 })
            #expect(
                Set(lines.dropFirst().filter { !$0.hasPrefix(attempt) }) == [
                    "Host: 127.0.0.1:\(server.port)", "User-Agent: steelyard", "Accept: */*", "If-None-Match: *",
                    "Transfer-Encoding: chunked", "Expect: 100-continue", "Content-Type: application/gzip",
                    "X-Auth-Token: \(upload.token)", "X-Object-Meta-Steelyard-Upload: \(upload.id)",
                ]
            )
            #expect(server.connectionCount == 1)
        }
    }

    @Test("a missing container is created, and then the object is sent again")
    func container() async throws {
        let upload = try TestUpload()
        let etag = MD5.hexDigits(of: upload.content)
        let heads = Mutex<[String]>([])
        try await LoopbackScript { connection, _ in
            while let head = connection.readHead() {
                let number = heads.withLock { heads in
                    heads.append(head)
                    return heads.count
                }
                switch number {
                case 1: connection.answer("404 Not Found")
                case 2: return connection.answer("404 Not Found", headers: ["Connection: close"])
                case 3: connection.answer("201 Created")
                default:
                    _ = connection.takeChunks()
                    connection.answer("201 Created", headers: ["Etag: \(etag)"])
                }
            }
        }.serve { server in
            _ = try await upload.run(at: server.port)
            let heads = heads.withLock { $0 }
            try #require(heads.count == 4)
            #expect(heads[0].hasPrefix("HEAD /v1/AUTH_test/\(upload.path) HTTP/1.1"))
            #expect(heads[2].hasPrefix("PUT /v1/AUTH_test/\(upload.path.container) HTTP/1.1"))
            #expect(heads[2].contains("Content-Length: 0") && !heads[2].contains("Expect"))
            #expect(Self.withoutAttempt(heads[3]) == Self.withoutAttempt(heads[1]))
            // The object uses the connection on which the container was created.
            #expect(server.connectionCount == 2)
        }
    }

    @Test("a proxy from the environment is not used")
    func proxy() async throws {
        // In a separate process, since all tests share the environment.
        await #expect(processExitsWith: .success) {
            for name in ["http_proxy", "https_proxy", "all_proxy"] { setenv(name, "http://127.0.0.1:1", 1) }
            let upload = try TestUpload()
            let etag = MD5.hexDigits(of: upload.content)
            try await LoopbackScript { connection, _ in
                connection.answerThatObjectIsMissing()
                _ = connection.readHead()
                _ = connection.takeChunks()
                connection.answer("201 Created", headers: ["Etag: \(etag)"])
            }.serve { server in _ = try await upload.run(at: server.port) }
        }
    }

    private static func withoutAttempt(_ head: String) -> [Substring] {
        head.split(separator: "\r\n").filter { !$0.contains("Steelyard-Attempt") }
    }
}
