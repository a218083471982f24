// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import OpenStackSwiftStore
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

/// Connections of an upload if `archive.endpoints` is empty.
@Suite("Addresses of this device")
struct LocalAddressTests {
    @Test("are rejected, under any name", arguments: ["127.0.0.1", "localhost", "0.0.0.0"])
    func refused(_ host: String) async throws {
        var upload = try TestUpload()
        upload.configuration.refusesLocalAddresses = true
        try await LoopbackScript { connection, _ in connection.answerThatObjectIsMissing() }.serve { [upload] server in
            let error = try await upload.error(at: "http://\(host):\(server.port)/v1/AUTH_test")
            #expect(error.code == .forbidden && !error.mayBeStored)
            #expect(error.message.contains("is not allowed while archive.endpoints is empty"))
            #expect(error.message.hasSuffix("add \"\(host):\(server.port)\" to archive.endpoints"))
            #expect(server.connectionCount == 0)
            // The upload is not retried.
            #expect(upload.log.lines.isEmpty && upload.begun.value == 0)
        }
    }

    @Test(
        "of every kind are rejected before connecting",
        arguments: [
            ("[::1]", "loopback"), ("[::ffff:127.0.0.1]", "loopback"), ("169.254.169.254", "link-local"),
            ("[fe80::1]", "link-local"), ("[::]", "unspecified"), ("224.0.0.1", "multicast"),
            ("255.255.255.255", "broadcast"),
        ]
    )
    func kinds(_ host: String, _ kind: String) async throws {
        var upload = try TestUpload()
        upload.configuration.refusesLocalAddresses = true
        let error = try await upload.error(at: "http://\(host):9/v1/a")
        #expect(error.code == .forbidden)
        #expect(error.message.contains(" (\(kind), \(host):9) is not allowed"), "\(error.message)")
    }

    @Test("are allowed otherwise")
    func allowed() async throws {
        let upload = try TestUpload()
        let etag = MD5.hexDigits(of: upload.content)
        try await LoopbackScript { connection, _ in
            connection.answerThatObjectIsMissing()
            connection.takeUpload(headers: ["ETag: \(etag)"])
        }.serve { server in
            let stored = try await upload.run(at: "http://localhost:\(server.port)/v1/AUTH_test")
            #expect(stored.md5 == etag)
        }
    }
}
