// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Parses the head of one request incrementally; a body is ignored.
struct HTTPRequestReader: Sendable {
    /// The state of the request.
    enum Reading: Hashable, Sendable {
        /// More bytes are needed.
        case incomplete
        /// It is complete.
        case complete(HTTPRequest)
        /// It is invalid; the answer has this status.
        case invalid(HTTPResponse.Status)
    }

    /// The most bytes of a request's head.
    static let limit = 8192

    private var received: [UInt8] = []

    /// Parses received bytes, in pieces of any size.
    mutating func take(_ bytes: some Collection<UInt8>) -> Reading {
        // The empty line may be split between two pieces.
        let start = max(0, received.count - 3)
        received.append(contentsOf: bytes.prefix(Self.limit + 1 - received.count))
        guard let end = Self.end(of: received[start...]) else {
            return received.count > Self.limit ? .invalid(.headTooLarge) : .incomplete
        }
        return HTTPRequest(head: Array(received[..<end])).map { .complete($0) } ?? .invalid(.badRequest)
    }

    /// The end of the head, which is before an empty line with or without a carriage return.
    private static func end(of bytes: ArraySlice<UInt8>) -> Int? {
        for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") {
            let rest = bytes[(index + 1)...]
            if rest.first == UInt8(ascii: "\n") || rest.starts(with: [UInt8(ascii: "\r"), UInt8(ascii: "\n")]) {
                return index
            }
        }
        return nil
    }
}
