// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One connection of an ``HTTPLoad``'s client; used on one thread, with blocking calls.
final class HTTPLoadConnection {
    struct Answer {
        /// Whether the server has announced that it will close this connection.
        let isLast: Bool
        let cookie: String?
    }

    /// The number of requests so far.
    private(set) var requests = 0
    private let socket: LoopbackSocket

    init(port: Int) throws(ServerFailure) {
        do { socket = try LoopbackSocket.connected(to: port) } catch { throw ServerFailure("\(error)") }
    }

    /// Sends one request and reads the answer; if the connection is not kept alive, reads until the server closes it.
    func ask(keepsAlive: Bool, cookie: String?, expecting body: [UInt8]) throws(ServerFailure) -> Answer {
        requests += 1
        let fields = (cookie.map { "Cookie: \($0)\r\n" } ?? "") + (keepsAlive ? "" : "Connection: close\r\n")
        guard socket.write(Array("GET / HTTP/1.1\r\nHost: test\r\n\(fields)\r\n".utf8)) else {
            throw ServerFailure("the request cannot be sent: errno \(errno)")
        }
        var bytes: [UInt8] = []
        var headSize: Int?
        while headSize == nil {
            bytes += try read(after: bytes.count)
            headSize = Self.headSize(bytes)
        }
        let start = headSize ?? 0
        let head = String(decoding: bytes[..<start], as: UTF8.self)
        guard head.hasPrefix("HTTP/1.1 200 ") else { throw ServerFailure("the answer is \(head.prefix(40))") }
        while bytes.count < start + body.count { bytes += try read(after: bytes.count) }
        guard Self.isEqual(bytes, from: start, body) else { throw ServerFailure("the answer's body is wrong") }
        let lines = head.split(separator: "\r\n")
        let isLast = lines.contains { $0.lowercased() == "connection: close" }
        if !keepsAlive { try expectEnd(isAnnounced: isLast) }
        let cookie = lines.first { $0.hasPrefix("set-cookie: ") }?.dropFirst("set-cookie: ".count).prefix { $0 != ";" }
        return Answer(isLast: isLast, cookie: cookie.map(String.init))
    }

    private func expectEnd(isAnnounced: Bool) throws(ServerFailure) {
        guard isAnnounced else { throw ServerFailure("the answer lacks the requested Connection: close") }
        guard let rest = socket.read() else { throw ServerFailure("reset after the answer: errno \(errno)") }
        guard rest.isEmpty else { throw ServerFailure("\(rest.count) bytes after the end of the answer") }
    }

    private func read(after count: Int) throws(ServerFailure) -> [UInt8] {
        guard let more = socket.read() else { throw ServerFailure("reset after \(count) bytes: errno \(errno)") }
        guard !more.isEmpty else { throw ServerFailure("closed after \(count) bytes") }
        return more
    }

    // In debug builds, the C library is much faster than the standard library, and the clients must leave the CPU to
    // the program under test.

    private static func headSize(_ bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return nil }
            var offset = 0
            while offset + 4 <= buffer.count, let next = memchr(start + offset, 0x0D, buffer.count - offset - 3) {
                offset = UnsafeRawPointer(next) - start
                if memcmp(next, "\r\n\r\n", 4) == 0 { return offset + 4 }
                offset += 1
            }
            return nil
        }
    }

    private static func isEqual(_ bytes: [UInt8], from start: Int, _ body: [UInt8]) -> Bool {
        guard bytes.count - start == body.count else { return false }
        return bytes.withUnsafeBytes { buffer in buffer.baseAddress.map { memcmp($0 + start, body, body.count) } == 0 }
    }
}
