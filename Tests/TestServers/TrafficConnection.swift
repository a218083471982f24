// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A connection of an HTTP client that reports every received byte, also those of an incomplete answer; used on one
/// thread.
package final class TrafficConnection {
    private let socket: LoopbackSocket

    /// Connects.
    package init(port: Int) throws {
        socket = try LoopbackSocket.connected(to: port)
        // Longer than any process is stopped: later bytes would not be counted.
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Requests a path.
    ///
    /// - Parameter receive: Receives the bytes as they arrive.
    /// - Returns: Whether the answer is complete and another request is possible.
    package func get(_ path: String, _ receive: ([UInt8]) -> Void) -> Bool {
        guard socket.write(Array("GET \(path) HTTP/1.1\r\nHost: test\r\n\r\n".utf8)) else { return false }
        var head: [UInt8] = []
        while true {
            guard let bytes = socket.read(), !bytes.isEmpty else { return false }
            receive(bytes)
            head += bytes
            guard let end = head.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
            let lines = String(decoding: head[..<end.lowerBound], as: UTF8.self).lowercased().split(separator: "\r\n")
            let field = lines.first { $0.hasPrefix("content-length: ") }
            guard let length = field.flatMap({ Int($0.dropFirst("content-length: ".count)) }) else { return false }
            var left = end.upperBound + length - head.count
            while left > 0 {
                guard let bytes = socket.read(), !bytes.isEmpty else { return false }
                receive(bytes)
                left -= bytes.count
            }
            return true
        }
    }

    /// Stops sending, and reads to the end.
    package func finish(_ receive: ([UInt8]) -> Void) {
        shutdown(socket.descriptor, Int32(SHUT_WR))
        while let bytes = socket.read(), !bytes.isEmpty { receive(bytes) }
    }
}
