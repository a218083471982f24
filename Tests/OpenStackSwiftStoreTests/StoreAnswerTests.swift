// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

/// Responses that OpenStack Swift sends rarely or never.
@Suite("Responses of a server")
struct StoreAnswerTests {
    @Test("a redirect is not followed")
    func redirect() async throws {
        try await LoopbackScript { connection, _ in _ = connection.takeUpload("200 OK") }.serve { elsewhere in
            try await LoopbackScript { connection, _ in
                connection.answerThatObjectIsMissing()
                _ = connection.readHead()
                connection.answer("302 Found", headers: ["Location: http://127.0.0.1:\(elsewhere.port)/v1/a/c/o"])
            }.serve { server in
                let upload = try TestUpload()
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: server.port) }
                #expect(error?.code == .refused)
                #expect(error?.status == 302)
                #expect(error?.message.contains("redirects") == true)
                #expect(elsewhere.connectionCount == 0)
            }
        }
    }

    @Test("503 five times, then 201: stored, with the content started six times")
    func busy() async throws {
        var upload = try TestUpload()
        upload.configuration.retries.attempts = 6
        let etag = MD5.hexDigits(of: upload.content)
        let content = upload.content
        try await LoopbackScript { connection, number in
            if number == 0 { connection.answerThatObjectIsMissing() }
            guard number == 5 else {
                _ = connection.readHead()
                return connection.answer("503 Service Unavailable", headers: ["Connection: close"], "busy")
            }
            #expect(connection.takeUpload("201 Created", headers: ["Etag: \"\(etag.uppercased())\""]) == content)
        }.serve { server in
            let stored = try await upload.run(at: server.port)
            #expect(stored == StoredObject(md5: etag, byteCount: 900_000))
            #expect(upload.begun.value == 6)
            #expect(upload.log.lines.count == 5)
        }
    }

    @Test(
        "permanent failures are not retried",
        arguments: [
            ("400 Bad Request", .refused), ("401 Unauthorized", .unauthorized), ("403 Forbidden", .forbidden),
            ("412 Precondition Failed", .alreadyExists), ("413 Request Entity Too Large", .tooLarge),
            ("301 Moved Permanently", .refused), ("418 I'm a teapot", .refused),
        ] as [(String, ObjectStoreError.Code)]
    )
    func final(_ status: String, _ code: ObjectStoreError.Code) async throws {
        try await withAnswer(status) { server in
            let upload = try TestUpload()
            let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: server.port) }
            #expect(error?.code == code)
            #expect(upload.begun.value == 1)
            // After a failed precondition, the object is queried over another connection.
            #expect(server.connectionCount == (code == .alreadyExists ? 2 : 1))
            // The cause comes first, then the store and its error text.
            #expect(error?.message.contains("127.0.0.1:\(server.port)") == true)
            #expect(error?.message.contains("its reason") == true)
        }
    }

    @Test(
        "temporary failures are retried, up to a limit",
        arguments: [
            ("408 Request Timeout", .timedOut), ("422 Unprocessable Entity", .checksumMismatch),
            ("429 Too Many Requests", .timedOut), ("498 Rate Limited", .timedOut),
            ("499 Client Disconnect", .timedOut), ("500 Internal Server Error", .unavailable),
            ("507 Insufficient Storage", .unavailable),
        ] as [(String, ObjectStoreError.Code)]
    )
    func passing(_ status: String, _ code: ObjectStoreError.Code) async throws {
        try await withAnswer(status) { server in
            let upload = try TestUpload()
            let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: server.port) }
            #expect(error?.code == code)
            #expect(error?.message.contains("attempt 3") == true)
            #expect(upload.begun.value == 3)
        }
    }

    @Test("a wrong checksum fails, and the object is removed")
    func wrongChecksum() async throws {
        let upload = try TestUpload(container: "c")
        try await LoopbackScript { connection, _ in
            connection.answerThatObjectIsMissing()
            let etag = "Etag: 00000000000000000000000000000000"
            let head = connection.readHead() ?? ""
            _ = connection.takeChunks()
            connection.answer("201 Created", headers: [etag])
            #expect(connection.readHead()?.hasPrefix("HEAD ") == true)
            connection.answer("200 OK", headers: [etag] + head.metadataLines)
            #expect(connection.readHead()?.hasPrefix("DELETE /v1/AUTH_test/c/lb/haproxy-") == true)
            connection.answer("204 No Content")
        }.serve { server in
            let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: server.port) }
            #expect(error?.code == .checksumMismatch)
        }
    }

    @Test("after a truncated response, the object is queried; an object with our checksum is ours")
    func cutAnswer() async throws {
        let upload = try TestUpload()
        let etag = MD5.hexDigits(of: upload.content)
        try await LoopbackScript { connection, number in
            switch number {
            case 0:
                connection.answerThatObjectIsMissing()
                _ = connection.readHead()
                _ = connection.takeChunks()
                connection.send("HTTP/1.1 201 Created\r\nEtag: \(etag)\r\nContent-Le")
            default:
                #expect(connection.readHead()?.hasPrefix("HEAD ") == true)
                connection.answer("200 OK", headers: ["Etag: \(etag)"])
            }
        }.serve { server in
            let stored = try await upload.run(at: server.port)
            #expect(stored.md5 == etag)
        }
    }

    @Test("an endless response is not read to its end")
    func endlessAnswer() async throws {
        try await LoopbackScript { connection, _ in
            connection.answerThatObjectIsMissing()
            _ = connection.readHead()
            let head = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
            connection.send(head)
            while connection.send(String(repeating: "much ado ", count: 10_000)) {}
        }.serve { server in
            let upload = try TestUpload()
            let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: server.port) }
            #expect(error?.status == 400)
            #expect((error?.message.count ?? 999) < 300)
        }
    }

    @Test("errors and logs never contain the token, even if the server sends it back")
    func secrecy() async throws {
        let upload = try TestUpload()
        let token = upload.token
        for status in ["401 Unauthorized", "503 Service Unavailable"] {
            try await withAnswer(status, "<p>who is \(token)?</p>") { server in
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: server.port) }
                #expect(error?.message.contains("who is ***?") == true)
                #expect(error.map { "\($0)".contains(token) } == false)
            }
        }
        #expect(!upload.log.lines.isEmpty)
        #expect(!upload.log.lines.contains { $0.contains(token) })
    }

    /// Lends a server that rejects every request.
    private func withAnswer(
        _ status: String,
        _ content: String = "<html><h1>Sorry</h1><p>its\r\nreason</p></html>",
        _ body: (LoopbackServer) async throws -> Void
    ) async throws {
        let isSent = Atomic(false)
        try await LoopbackScript { connection, _ in
            while let head = connection.readHead() {
                if head.hasPrefix("HEAD ") {
                    // After a failed precondition, the object still exists.
                    let isThere = status.hasPrefix("412") && isSent.load(ordering: .sequentiallyConsistent)
                    connection.answer(isThere ? "200 OK" : "404 Not Found")
                } else {
                    isSent.store(true, ordering: .sequentiallyConsistent)
                    connection.answer(status, headers: ["Content-Type: text/html; charset=UTF-8"], content)
                }
            }
        }.serve { try await body($0) }
    }
}
