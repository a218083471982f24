// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A proxy on loopback between a client and an HTTP server that injects faults into selected requests.
package struct FaultProxy: Sendable {
    /// A fault in one request; bytes are counted from the start of the request's header.
    package enum Fault: Sendable {
        /// Resets the connection after this many bytes.
        case reset(after: Int)
        /// Stops reading after this many bytes, until the client closes.
        case stall(after: Int)
        /// Flips a bit after this many bytes.
        case damage(after: Int)
        /// Answers in place of the server after this many bytes.
        case answer(String, headers: [String] = [], after: Int = 0)
        /// Resets the connection instead of relaying the answer.
        case loseAnswer
        /// Closes the connection in the middle of the answer's header.
        case cutAnswer
        /// Relays a different checksum than the server's.
        case changeETag
        /// Relays a changed request header.
        case changeRequest(@Sendable (String) -> String)
        /// Relays a changed answer header.
        case changeAnswer(@Sendable (String) -> String)
    }

    /// A request.
    package struct Request: Sendable {
        /// The lines of the header, possibly followed by content.
        package let head: String
        /// The number of earlier requests through this proxy.
        package let number: Int

        /// Whether it uploads content.
        package var isUpload: Bool { head.hasPrefix("PUT ") && head.lowercased().contains("chunked") }
        /// Whether it uploads the manifest of a segmented object.
        package var isManifest: Bool { head.contains("?multipart-manifest=put ") }
        /// Whether it uploads a segment.
        package var isSegment: Bool { isUpload && head.contains("_segments/") }
        /// Whether it uploads a whole object to S3.
        package var isS3Object: Bool { head.hasPrefix("PUT ") && head.lowercased().contains("x-amz-meta-") }
        /// Whether it starts a multipart upload.
        package var isS3Creation: Bool { head.hasPrefix("POST ") && head.contains("?uploads= ") }
        /// Whether it uploads a part.
        package var isS3Part: Bool { head.hasPrefix("PUT ") && head.contains("?partNumber=") }
        /// Whether it completes a multipart upload.
        package var isS3Completion: Bool { head.hasPrefix("POST ") && head.contains("?uploadId=") }
    }

    private let port: Int
    private let rate: Int?
    private let choose: @Sendable (Request) -> Fault?

    /// Creates a proxy.
    ///
    /// - Parameters:
    ///   - port: The server's port.
    ///   - rate: The maximum rate to the server, in bytes per second; nil for no limit.
    ///   - choose: Returns the fault of a request; nil for none.
    package init(
        to port: Int,
        rate: Int? = nil,
        _ choose: @escaping @Sendable (Request) -> Fault? = { _ in nil }
    ) {
        self.port = port
        self.rate = rate
        self.choose = choose
    }

    /// Passes the running proxy to a closure.
    package func serve<Success>(_ body: (LoopbackServer) async throws -> Success) async throws -> Success {
        let requests = Counter()
        return try await LoopbackScript { connection, _ in pass(connection, requests) }.serve(body)
    }

    private func pass(_ connection: LoopbackConnection, _ requests: Counter) {
        var fault: Fault?
        var sent = 0
        connection.relay(
            to: port,
            toServer: { bytes in
                if Self.isHead(bytes) {
                    let head = String(decoding: bytes.prefix(8192), as: UTF8.self)
                    fault = choose(Request(head: head, number: requests.next()))
                    sent = 0
                }
                sent += bytes.count
                if let rate { Thread.sleep(forTimeInterval: Double(bytes.count) / Double(rate)) }
                if case .changeRequest(let change) = fault, sent == bytes.count { return Self.withHead(bytes, change) }
                return Self.passOn(bytes, sent, fault, connection)
            },
            toClient: { bytes in Self.passBack(bytes, fault, connection) }
        )
        connection.close()
    }

    private static func isHead(_ bytes: [UInt8]) -> Bool {
        ["PUT /", "HEAD /", "DELETE /", "GET /", "POST /"].contains { bytes.starts(with: $0.utf8) }
    }

    private static func passOn(
        _ bytes: [UInt8],
        _ sent: Int,
        _ fault: Fault?,
        _ connection: LoopbackConnection
    ) -> [UInt8]? {
        switch fault {
        case .reset(let limit) where sent > limit: connection.reset()
        case .stall(let limit) where sent > limit: connection.waitForClose()
        case .damage(let limit) where sent > limit:
            var bytes = bytes
            bytes[bytes.count - 1] ^= 1
            return bytes
        case .answer(let status, let headers, let limit) where sent > limit:
            connection.answer(status, headers: headers + ["Connection: close"], "the proxy's reason")
            // Read the rest of the request: otherwise a reset could arrive before the answer.
            connection.stall()
        default: return bytes
        }
        return nil
    }

    private static func passBack(_ bytes: [UInt8], _ fault: Fault?, _ connection: LoopbackConnection) -> [UInt8]? {
        guard !bytes.starts(with: "HTTP/1.1 100".utf8) else { return bytes }
        switch fault {
        case .loseAnswer:
            connection.reset()
            return nil
        case .cutAnswer:
            connection.send(Array(bytes.prefix(40)))
            return nil
        case .changeETag: return withOtherETag(bytes)
        case .changeAnswer(let change) where bytes.starts(with: "HTTP/1.1 ".utf8): return withHead(bytes, change)
        default: return bytes
        }
    }

    private static func withHead(_ bytes: [UInt8], _ change: (String) -> String) -> [UInt8] {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return bytes }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        return Array(change(head).utf8) + bytes[end.lowerBound...]
    }

    private static func withOtherETag(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let name = Array("etag:".utf8)
        let lowered = Array(String(decoding: bytes, as: UTF8.self).lowercased().utf8)
        guard lowered.count == bytes.count, let range = lowered.firstRange(of: name) else { return bytes }
        var index = range.upperBound
        while index < bytes.count, bytes[index] != UInt8(ascii: "\r") {
            // Replaces digits by other digits: still a well-formed ETag, quoted or not.
            if bytes[index] >= UInt8(ascii: "0"), bytes[index] != UInt8(ascii: "\"") {
                bytes[index] = UInt8(ascii: "0")
            }
            index += 1
        }
        return bytes
    }
}

/// Counts from 0.
private final class Counter: Sendable {
    private let value = Atomic(0)

    func next() -> Int { value.add(1, ordering: .sequentiallyConsistent).oldValue }
}
