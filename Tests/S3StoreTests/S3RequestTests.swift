// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import S3Store
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

/// The requests on the wire, and the handling of rare S3 responses.
@Suite("Requests to an S3 store")
struct S3RequestTests {
    @Test("one signed PUT with size and checksums that overwrites nothing and contains no secret")
    func head() async throws {
        var upload = try S3TestUpload()
        upload.account = .temporary
        upload.blocks = [Array("text".utf8)]
        let md5 = upload.stored.md5
        let head = Mutex("")
        let content = try await LoopbackScript { connection, _ in
            connection.answerThatObjectIsMissing()
            head.withLock { $0 = connection.readHead() ?? "" }
            _ = connection.readBytes(4)
            connection.answer("200 OK", headers: ["ETag: \"\(md5)\""])
        }.serve { [upload] server in
            let stored = try await upload.run(at: server.port)
            #expect(stored == upload.stored)
            return head.withLock { $0 }.replacing(":\(server.port)", with: ":PORT")
        }
        let lines = content.split(separator: "\r\n").map(String.init)
        #expect(lines.first == "PUT /\(upload.path) HTTP/1.1")
        let signed =
            "content-md5;content-type;host;if-none-match;x-amz-content-sha256;x-amz-date;x-amz-meta-steelyard-upload;"
            + "x-amz-security-token"
        let authorization = lines.first { $0.hasPrefix("Authorization: ") } ?? ""
        #expect(authorization.contains("AWS4-HMAC-SHA256 Credential=\(upload.account.accessKey)/"))
        #expect(authorization.contains("/us-east-1/s3/aws4_request, SignedHeaders=\(signed), Signature="))
        #expect(
            Set(
                lines.dropFirst().filter {
                    !$0.hasPrefix("Authorization: ") && !$0.lowercased().hasPrefix("x-amz-date: ")
                }
            )
                == [
                    "Host: 127.0.0.1:PORT", "User-Agent: steelyard", "Accept: */*", "If-None-Match: *",
                    "Content-Type: application/gzip", "Expect: 100-continue", "Content-Length: 4",
                    "Content-MD5: HLJR7A1WjeapKbUgxK7Y0Q==",
                    "x-amz-content-sha256: 982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
                    "x-amz-meta-steelyard-upload: \(upload.id)", "x-amz-security-token: temporary-token",
                ]
        )
        #expect(!content.contains(upload.account.secretKey))
    }

    @Test("a redirect is not followed")
    func redirect() async throws {
        try await LoopbackScript { _, _ in }.serve { elsewhere in
            try await LoopbackScript { connection, _ in
                while connection.readHead() != nil {
                    connection.answer(
                        "307 Temporary Redirect",
                        headers: ["Location: http://127.0.0.1:\(elsewhere.port)/bucket"]
                    )
                }
            }.serve { server in
                let upload = try S3TestUpload()
                let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: server.port) }
                #expect(error?.code == .refused && error?.status == 307)
                #expect(error?.message.contains("redirects, which is not followed") == true)
                #expect(elsewhere.connectionCount == 0)
            }
        }
    }

    @Test("a server without Expect gets the same request without it")
    func expectation() async throws {
        var upload = try S3TestUpload()
        upload.blocks = [[UInt8]](repeating: [UInt8](repeating: 7, count: 1 << 20), count: 2)
        let (etag, count) = (upload.stored.md5, upload.content.count)
        let expectations = Counter()
        try await LoopbackScript { connection, number in
            if number == 0 { connection.answerThatObjectIsMissing() }
            while let head = connection.readHead() {
                guard !head.contains("Expect: ") else {
                    expectations.add()
                    connection.answer("417 Expectation Failed")
                    continue
                }
                _ = connection.readBytes(count)
                connection.answer("200 OK", headers: ["ETag: \"\(etag)\""])
            }
        }.serve { server in
            let stored = try await upload.run(at: server.port)
            #expect(stored == upload.stored && expectations.value == 1)
        }
    }

    @Test("a truncated header is not a response: it may lack the upload's identifier")
    func cutHeader() async throws {
        let upload = try S3TestUpload()
        let (id, count) = (upload.id, UInt64(upload.content.count))
        try await LoopbackScript { connection, number in
            _ = connection.readHead()
            guard number > 0 else {
                connection.send("HTTP/1.1 200 OK\r\nETag: \"x\"\r\n")
                return connection.close()
            }
            // In the response to a HEAD, the length is the object's.
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\nx-amz-meta-steelyard-upload: \(id)\r\n\r\n")
        }.serve { server in
            let stored = try await upload.run(at: server.port)
            #expect(stored == StoredObject(md5: "", byteCount: count, wasFound: true))
            #expect(upload.begun.value == 0)
        }
    }

    @Test("Retry-After is honored")
    func retryAfter() async throws {
        var upload = try S3TestUpload()
        upload.configuration.retries.longestAskedWait = .milliseconds(30)
        try await LoopbackScript { connection, number in
            if number == 0 { connection.answerThatObjectIsMissing() }
            _ = connection.readHead()
            let busy = "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
            connection.answer("503 Slow Down", headers: ["Retry-After: 100", "Connection: close"], busy)
            connection.stall()
        }.serve { [upload] server in
            let error = await #expect(throws: ObjectStoreError.self) { try await upload.run(at: server.port) }
            #expect(error?.code == .timedOut && error?.mayBeStored == true)
            #expect(upload.begun.value == 1)
            let pauses = upload.log.lines.filter { $0.contains("retry_after_s") }
            #expect(pauses.count == 2 && pauses.allSatisfy { $0.contains("0.03") }, "\(pauses)")
        }
    }
}

extension LoopbackConnection {
    /// Answers the HEAD at the start of an upload: the object does not exist.
    fileprivate func answerThatObjectIsMissing() {
        _ = readHead()
        answer("404 Not Found")
    }
}
