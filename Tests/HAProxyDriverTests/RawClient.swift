// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers

/// Clients that send bytes of their own before an HTTP request.
enum RawClient {
    /// The start of a PROXY header of version 2.
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    /// A PROXY header of version 1 for a client.
    static func v1(_ client: String) -> [UInt8] { Array("PROXY TCP4 \(client) 127.0.0.1 1234 80\r\n".utf8) }

    /// A PROXY header of version 2 for a client.
    static func v2(_ client: String) -> [UInt8] {
        let octets = client.split(separator: ".").compactMap { UInt8($0) }
        return signature + [0x21, 0x11, 0, 12] + octets + [127, 0, 0, 1, 4, 210, 0, 80]
    }

    /// A PROXY header of a proxy's own connection, for example a check.
    static let local = signature + [0x20, 0x00, 0, 0]

    /// Sends a request, and reads one answer.
    ///
    /// - Returns: The answer; empty if the connection was closed or reset.
    static func ask(_ port: Int, after header: [UInt8] = [], path: String = "/") async throws -> String {
        try await blocking {
            let socket = try LoopbackSocket.connected(to: port)
            let request = "GET \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
            guard socket.write(header + Array(request.utf8)) else { return "" }
            var bytes: [UInt8] = []
            while !isWhole(bytes), let more = socket.read(), !more.isEmpty { bytes += more }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func isWhole(_ answer: [UInt8]) -> Bool {
        guard let head = answer.firstRange(of: Array("\r\n\r\n".utf8)) else { return false }
        let fields = String(decoding: answer[..<head.lowerBound], as: UTF8.self).lowercased().split(separator: "\r\n")
        let length = fields.first { $0.hasPrefix("content-length: ") }?.dropFirst("content-length: ".count)
        return answer.count >= head.upperBound + (length.flatMap { Int($0) } ?? .max / 2)
    }
}
