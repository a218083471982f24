// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// One binary packet of the Gearman protocol.
package struct RawGearmanPacket: Hashable, Sendable {
    /// The packet types that tests send or read.
    package enum Kind: UInt32, Sendable {
        case canDo = 1
        case noop = 6
        case submitJob = 7
        case jobCreated = 8
        case grabJob = 9
        case noJob = 10
        case jobAssign = 11
        case workStatus = 12
        case workComplete = 13
        case workFail = 14
        case echoRequest = 16
        case echoResult = 17
        case error = 19
        case workException = 25
        case workData = 28
        case workWarning = 29
        case jobAssignUnique = 31
        case jobAssignAll = 40
    }

    /// The size of a packet's header in bytes.
    package static let headerSize = 12
    /// The first four bytes of a packet from a client or a worker.
    package static let requestMagic: [UInt8] = [0] + Array("REQ".utf8)
    /// The first four bytes of a packet from a job server.
    package static let responseMagic: [UInt8] = [0] + Array("RES".utf8)

    /// The packet's type; nil for a type that the tests do not know.
    package let kind: Kind?
    /// The bytes after the header.
    package let body: [UInt8]

    /// Creates a packet.
    package init(_ kind: Kind, _ body: [UInt8] = []) {
        self.kind = kind
        self.body = body
    }

    /// Removes the first packet from the received bytes and returns it.
    ///
    /// - Returns: nil if the packet is incomplete.
    /// - Throws: `ServerFailure` if the bytes are no packet of a job server.
    package init?(takenFrom bytes: inout [UInt8]) throws {
        guard bytes.count >= Self.headerSize else { return nil }
        guard bytes.starts(with: Self.responseMagic) else {
            throw ServerFailure("no packet of a job server: \(Array(bytes.prefix(Self.headerSize)))")
        }
        let size = Int(Self.number(bytes[8..<12]))
        guard bytes.count >= Self.headerSize + size else { return nil }
        kind = Kind(rawValue: Self.number(bytes[4..<8]))
        body = Array(bytes[Self.headerSize..<Self.headerSize + size])
        bytes.removeFirst(Self.headerSize + size)
    }

    /// The bytes of the packet from a client or a worker.
    package var request: [UInt8] { Self.requestMagic + header + body }
    /// The bytes of the packet from a job server.
    package var response: [UInt8] { Self.responseMagic + header + body }

    /// The arguments of the body, separated by NULs; the last one may contain NULs.
    ///
    /// - Parameter count: The maximum number of arguments.
    package func arguments(_ count: Int) -> [[UInt8]] {
        body.split(separator: 0, maxSplits: count - 1, omittingEmptySubsequences: false).map { Array($0) }
    }

    /// Reads a 32-bit big-endian number.
    package static func number(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Writes a number as 32 bits, big-endian.
    package static func bytes(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private var header: [UInt8] { Self.bytes(kind?.rawValue ?? 0) + Self.bytes(UInt32(body.count)) }
}
