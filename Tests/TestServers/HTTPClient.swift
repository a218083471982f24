// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A keep-alive connection to an HTTP server of 127.0.0.1 that counts all received bytes.
package final class HTTPClient: Sendable {
    /// An answer.
    package struct Answer: Sendable {
        package let status: Int
        package let body: [UInt8]
        /// The size of head and body, in bytes.
        package let byteCount: Int
        /// The `NAME=VALUE` of the Set-Cookie field.
        package let cookie: String?

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let socket: LoopbackSocket

    /// Connects.
    package init(port: Int) async throws { socket = try await blocking { try LoopbackSocket.connected(to: port) } }

    /// Requests a path.
    ///
    /// - Throws: `ServerFailure` if the connection ends before the answer does.
    package func get(_ path: String, cookie: String? = nil) async throws -> Answer {
        try await blocking { [socket] in
            let cookie = cookie.map { "Cookie: \($0)\r\n" } ?? ""
            let request = "GET \(path) HTTP/1.1\r\nHost: test\r\n\(cookie)\r\n"
            guard socket.write(Array(request.utf8)) else { throw ServerFailure("the connection is closed") }
            return try Self.readAnswer(socket)
        }
    }

    /// Closes the connection.
    package func close() { socket.shutDown() }

    /// Whether the server has closed the connection, or rejects requests on it.
    package func isDead() async -> Bool { (try? await get("/")) == nil }

    private static func readAnswer(_ socket: LoopbackSocket) throws -> Answer {
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while true {
            guard let more = socket.read(), !more.isEmpty else {
                throw ServerFailure("the connection ended after \(bytes.count) bytes")
            }
            bytes += more
            guard let range = bytes.firstRange(of: end) else { continue }
            let head = String(decoding: bytes[..<range.lowerBound], as: UTF8.self).split(separator: "\r\n")
            let status = head.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            let field = head.first { $0.lowercased().hasPrefix("content-length:") }
            let length = field.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
            while bytes.count < range.upperBound + length {
                guard let more = socket.read(), !more.isEmpty else {
                    throw ServerFailure("the connection ended after \(bytes.count) bytes")
                }
                bytes += more
            }
            let kept = head.first { $0.lowercased().hasPrefix("set-cookie: ") }
            return Answer(
                status: status,
                body: Array(bytes[range.upperBound...]),
                byteCount: bytes.count,
                cookie: kept.map { String($0.dropFirst("set-cookie: ".count).prefix { $0 != ";" }) }
            )
        }
    }
}
