// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

@testable import SteelyardWorker

/// Transfer of bytes, and servers that violate the protocol.
@Suite(Requirement.stunnel.trait, Requirement.openssl.trait, .ownThread) struct TLSSessionTests {
    /// The server reads nothing until the client has to wait, so some writes are partial.
    @Test func movesLargeDataBothWays() async throws {
        try await withTLSFixture { fixture in
            let mayRead = DispatchSemaphore(value: 0)
            let script = LoopbackScript { connection, _ in
                mayRead.wait()
                connection.echo()
            }
            var generator = SeededGenerator(seed: 8)
            let sent = (0..<(16 << 20)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            try await script.serve { echo in
                defer { mayRead.signal() }
                try await withStunnel(
                    in: fixture.folder,
                    to: echo.port,
                    identity: fixture.server,
                    ca: fixture.authority.ca
                ) { server in
                    let received = try await withTLSClient(fixture.settings, port: server.port) { client in
                        client.limitSendBuffer()
                        try client.handshake()
                        let rest = try client.writeUntilWaiting(sent)
                        #expect(!rest.isEmpty && rest.count < sent.count)
                        mayRead.signal()
                        // A copy at another address: the session must not require the old one.
                        let moved = Array(rest)
                        return try client.exchange(moved[...], count: sent.count, bufferSize: 1000)
                    }
                    #expect(received == sent)
                }
            }
        }
    }

    /// poll(2) does not see bytes that the session has already read from the socket.
    @Test func countsBufferedBytes() async throws {
        try await withTLSFixture { fixture in
            try await fixture.withEcho { server in
                try await withTLSClient(fixture.settings, port: server.port) { client in
                    try client.handshake()
                    #expect(client.session.bufferedByteCount == 0)
                    try client.write(Array("12345".utf8))
                    #expect(try client.read(atMost: 2) == Array("12".utf8))
                    #expect(client.session.bufferedByteCount == 3)
                    #expect(try client.read() == Array("345".utf8))
                    #expect(client.session.bufferedByteCount == 0)
                    #expect(try client.read(atMost: 0) == [])
                    #expect(try client.write([]))
                }
            }
        }
    }

    @Test func closes() async throws {
        try await withTLSFixture { fixture in
            try await LoopbackScript { connection, _ in connection.send("bye") }.serve { target in
                try await withStunnel(
                    in: fixture.folder,
                    to: target.port,
                    identity: fixture.server,
                    ca: fixture.authority.ca
                ) { server in
                    try await withTLSClient(fixture.settings, port: server.port) { client in
                        #expect(client.session.close() == .closed)
                        try client.handshake()
                        #expect(try client.read() == Array("bye".utf8))
                        #expect(try client.read() == nil)
                        #expect(try client.read() == nil)
                        #expect(try !client.write([1]))
                        #expect(client.session.close() == .closed)
                    }
                }
            }
            let end = DispatchSemaphore(value: 0)
            let script = LoopbackScript { connection, _ in
                connection.echo()
                end.signal()
            }
            try await script.serve { target in
                try await withStunnel(
                    in: fixture.folder,
                    to: target.port,
                    identity: fixture.server,
                    ca: fixture.authority.ca
                ) { server in
                    try await withTLSClient(fixture.settings, port: server.port) { client in
                        try client.handshake()
                        #expect(client.session.close() == .done(0))
                        // The connection is still open: the server learns of the end from the TLS alert.
                        #expect(end.wait(timeout: .now() + 20) == .success)
                    }
                }
            }
        }
    }

    @Test func doesNotBlock() async throws {
        try await withTLSFixture { fixture in
            let server = try HangingServer()
            defer { server.stop() }
            try await withTLSClient(fixture.settings, port: server.port) { client in
                let first = try client.session.handshake()
                let second = try client.session.handshake()
                #expect(first == .wantsRead)
                #expect(second == .wantsRead)
            }
        }
    }

    @Test(arguments: [
        "ERROR\r\n", "\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "\0RES\0\0\0\u{10}",
    ])
    func rejectsPlainText(_ text: String) async throws {
        try await withTLSFixture { fixture in
            let script = LoopbackScript { connection, _ in
                connection.send(text)
                connection.stall()
            }
            try await script.serve { server in
                // Fewer bytes than a record header are only rejected at the end of the stream.
                if text.utf8.count < 5 {
                    try await withTLSClient(fixture.settings, port: server.port) { client in
                        let progress = try client.session.handshake()
                        #expect(progress == .wantsRead)
                    }
                } else {
                    let error = try await failure(fixture.settings, port: server.port)
                    #expect(error?.code == .protocolViolation)
                    #expect(error?.description.contains("does not speak TLS") == true)
                }
            }
        }
    }

    @Test(Requirement.gearmand.trait) func explainsAPlainGearmand() async throws {
        try await withTLSFixture { fixture in
            try await withGearmand(in: fixture.folder) { gearmand in
                let error = try await failure(fixture.settings, port: gearmand.port)
                #expect(error?.code == .closedInHandshake)
                #expect(error?.description.contains("may not speak TLS on this port") == true)
            }
        }
    }

    @Test func rejectsOldVersions() async throws {
        try await withTLSFixture { fixture in
            // Without the security level, the server would reject its own version.
            let options = ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]
            try await withOpenSSLServer(in: fixture.folder, identity: fixture.server, options: options) { port in
                let error = try await failure(fixture.settings, port: port)
                #expect(error?.description.contains("TLS 1.2 or newer") == true, "\(error?.description ?? "accepted")")
            }
        }
    }

    @Test func explainsAnEndDuringTheHandshake() async throws {
        try await withTLSFixture { fixture in
            try await LoopbackScript { connection, _ in connection.take() }.serve { server in
                let error = try await failure(fixture.settings, port: server.port)
                #expect(error?.code == .closedInHandshake)
                #expect(error?.description.contains("closed the connection during the TLS handshake") == true)
            }
            let reset = LoopbackScript { connection, _ in
                connection.take()
                connection.reset()
            }
            try await reset.serve { server in
                let error = try await failure(fixture.settings, port: server.port)
                #expect(error?.code == .failed)
                #expect(error?.description == "the TLS connection failed: Connection reset by peer")
            }
        }
    }

    /// The server's bytes end at any offset; no handshake or read succeeds that should not.
    @Test func survivesACutAnywhere() async throws {
        try await withTLSFixture { fixture in
            try await fixture.withEcho { server in
                for limit in Array(stride(from: 0, to: 1000, by: 37)) + Array(stride(from: 1000, to: 2600, by: 211)) {
                    let script = LoopbackScript { connection, _ in
                        var rest = limit
                        connection.relay(to: server.port) { bytes in
                            guard bytes.count <= rest else {
                                connection.send(Array(bytes.prefix(rest)))
                                return nil
                            }
                            rest -= bytes.count
                            return bytes
                        }
                    }
                    try await script.serve { proxy in
                        let reply = try await withTLSClient(fixture.settings, port: proxy.port) { client in
                            do {
                                try client.handshake()
                                try client.write([7])
                                return try client.read()
                            } catch is TLSError {
                                return nil
                            }
                        }
                        #expect(reply == nil || reply == [7])
                    }
                }
            }
        }
    }

    /// One bit of the server's bytes is flipped; either the handshake fails or the data is correct.
    @Test func noticesAnyCorruption() async throws {
        try await withTLSFixture { fixture in
            try await fixture.withEcho { server in
                var generator = SeededGenerator(seed: 4731)
                for _ in 0..<60 {
                    let place = Int.random(in: 0..<1400, using: &generator)
                    let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
                    let script = LoopbackScript { connection, _ in
                        var first = 0
                        connection.relay(to: server.port) { bytes in
                            defer { first += bytes.count }
                            var changed = bytes
                            if bytes.indices.contains(place - first) { changed[place - first] ^= bit }
                            return changed
                        }
                    }
                    try await script.serve { proxy in
                        let reply = try await withTLSClient(fixture.settings, port: proxy.port) { client in
                            // If a record's length grows, both sides wait.
                            client.silence = 1000
                            do {
                                try client.handshake()
                                try client.write([7])
                                return try client.read()
                            } catch is TLSError {
                                return nil
                            } catch is ServerFailure {
                                return nil
                            }
                        }
                        #expect(reply == nil || reply == [7])
                    }
                }
            }
        }
    }

    @Test func survivesRandomBytes() async throws {
        try await withTLSFixture { fixture in
            for seed in UInt64(1)...100 {
                let script = LoopbackScript { connection, _ in
                    var generator = SeededGenerator(seed: seed)
                    let count = Int.random(in: 1...2000, using: &generator)
                    var bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                    // Every second input looks like a handshake record.
                    let length = [UInt8(count >> 8), UInt8(truncatingIfNeeded: count)]
                    if seed.isMultiple(of: 2) { bytes = [22, 3, 3] + length + [2, 0] + length + bytes }
                    connection.take()
                    connection.send(bytes)
                }
                try await script.serve { server in
                    let error = try await failure(fixture.settings, port: server.port)
                    #expect(error != nil)
                    #expect(error?.code != .untrustedServer && error?.code != .unusableFile)
                }
            }
        }
    }
}
