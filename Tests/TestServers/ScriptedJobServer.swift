// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The server's side of Gearman's protocol on a connection of a ``LoopbackServer``, for what a real gearmand never does.
package struct ScriptedJobServer {
    /// A packet from a worker or a client.
    package struct Packet: Sendable {
        package let kind: UInt32
        package let arguments: [[UInt8]]
    }

    package static let canDo: UInt32 = 1
    package static let preSleep: UInt32 = 4
    package static let noJob: UInt32 = 10
    package static let workComplete: UInt32 = 13
    package static let workFail: UInt32 = 14
    package static let echoRequest: UInt32 = 16
    package static let echoResponse: UInt32 = 17
    package static let grabJobUnique: UInt32 = 30
    package static let jobAssignUnique: UInt32 = 31
    package static let getStatusUnique: UInt32 = 41
    package static let statusResponseUnique: UInt32 = 42

    package let connection: LoopbackConnection

    package init(_ connection: LoopbackConnection) { self.connection = connection }

    /// Reads a packet; nil where the other side has closed.
    package func read() -> Packet? {
        guard let header = connection.readBytes(12) else { return nil }
        let number = { (range: Range<Int>) in header[range].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
        guard let body = connection.readBytes(Int(number(8..<12))) else { return nil }
        let arguments = body.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
        return Packet(kind: number(4..<8), arguments: arguments)
    }

    /// Sends a packet; the arguments have a zero byte between any two of them.
    @discardableResult
    package func send(_ kind: UInt32, _ arguments: [UInt8]...) -> Bool {
        let body = Array(arguments.joined(separator: [0]))
        return connection.send(Self.header(kind, byteCount: body.count) + body)
    }

    /// A packet's header, which may say anything.
    package static func header(_ kind: UInt32, byteCount: Int) -> [UInt8] {
        let word = { (value: UInt32) in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
        return [0] + Array("RES".utf8) + word(kind) + word(UInt32(truncatingIfNeeded: byteCount))
    }

    /// Answers echoes until the worker asks for a job; false where it has closed.
    package func awaitGrab() -> Bool {
        while let packet = read() {
            switch packet.kind {
            case Self.echoRequest: send(Self.echoResponse, packet.arguments[0])
            case Self.grabJobUnique: return true
            default: break
            }
        }
        return false
    }

    /// Hands out a job, and answers echoes until its reply comes; nil where the worker has closed.
    package func reply(to payload: [UInt8], function: String, handle: String, unique: String = "") -> [UInt8]? {
        send(
            Self.jobAssignUnique,
            Array(handle.utf8),
            Array(function.utf8),
            Array(unique.utf8),
            payload
        )
        return awaitReply()
    }

    /// Answers echoes until a reply comes; nil where the worker has closed.
    package func awaitReply() -> [UInt8]? {
        while let packet = read() {
            switch packet.kind {
            case Self.echoRequest: send(Self.echoResponse, packet.arguments[0])
            case Self.workComplete: return Array(packet.arguments.dropFirst().joined(separator: [0]))
            default: break
            }
        }
        return nil
    }

    /// Has no job, and answers echoes, until the other side closes.
    package func idle() {
        while let packet = read() {
            switch packet.kind {
            case Self.echoRequest: send(Self.echoResponse, packet.arguments[0])
            case Self.grabJobUnique: send(Self.noJob)
            default: break
            }
        }
    }
}
