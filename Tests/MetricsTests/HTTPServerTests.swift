// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import Synchronization
import SystemPackage
import TestServers
import Testing

@testable import SteelyardWorker

/// The HTTP server with good and bad clients.
@Suite struct HTTPServerTests {
    @Test func answersOneRequestForEachConnection() async throws {
        try await withServer { port in
            let answer = try await get("/hello", port)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("\r\nContent-Length: 7\r\n"))
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n/hello\n"))
        }
    }

    @Test func answersHeadWithoutContent() async throws {
        try await withServer { port in
            let answer = try await exchange("HEAD /hello HTTP/1.1\r\n\r\n", port)
            #expect(answer.contains("\r\nContent-Length: 7\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test(
        arguments: [
            ("POST /hello HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "405 Method Not Allowed"),
            ("DELETE /hello HTTP/1.1\r\n\r\n", "405 Method Not Allowed"),
            ("nonsense\n\n", "400 Bad Request"),
            ("\u{16}\u{3}\u{1}\u{2}\u{0}\n\r\n", "400 Bad Request"),
            ("GET / HTTP/1.1\r\n\(String(repeating: "X: y\r\n", count: 2000))", "431 Request Header Fields Too Large"),
        ]
    )
    func refuses(_ request: String, _ status: String) async throws {
        try await withServer { port in
            let answer = try await exchange(request, port)
            #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n"), "\(answer)")
            #expect(answer.contains("Allow: GET, HEAD") == status.hasPrefix("405"))
        }
    }

    /// The response is complete, although the client sends more than the server reads.
    @Test func answersAClientThatSendsAMegabyte() async throws {
        try await withServer { port in
            let content = String(repeating: "x", count: 1 << 20)
            let answer = try await exchange("GET /hello HTTP/1.1\r\n\r\n" + content, port)
            #expect(answer.hasSuffix("\r\n\r\n/hello\n"))
        }
    }

    /// Any number of clients that send nothing cannot block others.
    @Test func servesWhileManySendNothing() async throws {
        try await withServer { port in
            let silent = try await blocking {
                try (0..<HTTPServer.greatestConnectionCount * 2).map { number in
                    let socket = try LoopbackSocket.connected(to: port)
                    if number.isMultiple(of: 2) { socket.write(Array("GET /".utf8)) }
                    return socket
                }
            }
            for _ in 0..<20 {
                let answer = try await get("/hello", port)
                #expect(answer.hasSuffix("/hello\n"))
            }
            for socket in silent { socket.shutDown() }
        }
    }

    /// A client that sends its request slowly gets no more time than one that sends nothing.
    @Test func closesASlowClient() async throws {
        try await withServer(timeout: .milliseconds(100)) { port in
            let socket = try await blocking { try LoopbackSocket.connected(to: port) }
            let answer = try await blocking {
                // The request never ends.
                while socket.write([UInt8(ascii: "A")]) {
                    var entry = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
                    if poll(&entry, 1, 50) > 0 { break }
                }
                return Self.readAll(socket)
            }
            // Bytes that the server has not read reset the connection, and the client may lose the 408.
            if !answer.isEmpty { #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"), "\(answer)") }
            try await eventually("the connection is closed") { !socket.write([UInt8(ascii: "A")]) }
        }
    }

    /// A slow response does not delay others.
    @Test func makesAnswersSideBySide() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let isAsked = Flag()
        let answer: @Sendable (HTTPRequest) async -> HTTPResponse = { request in
            if request.path == "/slow" {
                isAsked.withLock { $0 = true }
                for await _ in gate {}
            }
            return HTTPResponse(.ok, "done")
        }
        try await withServer(answer: answer) { port in
            async let slow = get("/slow", port)
            try await eventually("the slow request is received") { isAsked.withLock { $0 } }
            let fast = try await get("/fast", port)
            #expect(fast.hasSuffix("done"))
            open.finish()
            let answer = try await slow
            #expect(answer.hasSuffix("done"))
        }
    }

    @Test func reportsAnAddressThatIsInUse() async throws {
        try await withServer { port in
            let address = try HTTPAddress("127.0.0.1:\(port)")
            #expect(throws: Errno.addressInUse) { try HTTPServer(address) { _ in HTTPResponse(.ok) } }
        }
    }

    /// At boot, the network may come up after the agent.
    ///
    /// The addresses are reserved for documentation.
    @Test(arguments: ["192.0.2.1", "[2001:db8::1]"]) func bindsAnAddressThatIsNotUp(_ host: String) throws {
        let port = try FreePort.next()
        let address = try HTTPAddress("\(host):\(port)")
        do throws(Errno) { _ = try HTTPServer(address) { _ in HTTPResponse(.ok) } } catch {
            // A machine without IPv6 has no such sockets.
            #expect(host.hasPrefix("[") && error == .addressFamilyNotSupported, "\(error)")
        }
    }

    @Test func freesThePortWhenItStops() async throws {
        let port = try FreePort.next()
        for _ in 0..<3 {
            let server = try makeServer(port) { _ in HTTPResponse(.ok, "done") }
            let answer = try await get("/", port)
            #expect(answer.hasSuffix("done"))
            let silent = try await blocking { try LoopbackSocket.connected(to: port) }
            await server.stop()
            _ = try await blocking { Self.readAll(silent) }
        }
    }

    // MARK: -

    private final class Flag: Sendable {
        private let value = Mutex(false)

        func withLock<Success>(_ body: (inout sending Bool) -> sending Success) -> Success { value.withLock(body) }
    }

    private func makeServer(
        _ port: Int,
        timeout: Duration = .seconds(60),
        answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) throws -> HTTPServer {
        let server = try HTTPServer(HTTPAddress("127.0.0.1:\(port)"), timeout: timeout, answer: answer)
        try server.start()
        return server
    }

    private func withServer(
        timeout: Duration = .seconds(60),
        answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse = { HTTPResponse(.ok, $0.path + "\n") },
        _ body: (Int) async throws -> Void
    ) async throws {
        let port = try FreePort.next()
        let server = try makeServer(port, timeout: timeout, answer: answer)
        let result: Result<Void, any Error>
        do { result = .success(try await body(port)) } catch { result = .failure(error) }
        await server.stop()
        try result.get()
    }

    private func get(_ path: String, _ port: Int) async throws -> String {
        try await exchange("GET \(path) HTTP/1.1\r\nHost: test\r\n\r\n", port)
    }

    private func exchange(_ request: String, _ port: Int) async throws -> String {
        try await blocking {
            let socket = try LoopbackSocket.connected(to: port)
            socket.write(Array(request.utf8))
            return Self.readAll(socket)
        }
    }

    /// All bytes until the server closes.
    private static func readAll(_ socket: LoopbackSocket) -> String {
        var bytes: [UInt8] = []
        while let more = socket.read(), !more.isEmpty { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }
}
