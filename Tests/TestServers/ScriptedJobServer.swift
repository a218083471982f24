// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The server's side of Gearman's protocol on a connection of a ``LoopbackServer``, for behavior that gearmand does not
/// show.
package final class ScriptedJobServer {
    /// A packet from a worker or a client.
    package struct Packet: Sendable {
        package let kind: UInt32
        package let arguments: [[UInt8]]
    }

    package static let canDo: UInt32 = 1
    package static let preSleep: UInt32 = 4
    package static let noop: UInt32 = 6
    package static let noJob: UInt32 = 10
    package static let workComplete: UInt32 = 13
    package static let workFail: UInt32 = 14
    package static let echoRequest: UInt32 = 16
    package static let echoResponse: UInt32 = 17
    package static let grabJobUnique: UInt32 = 30
    package static let jobAssignUnique: UInt32 = 31
    package static let getStatusUnique: UInt32 = 41
    package static let statusResponseUnique: UInt32 = 42

    private let connection: LoopbackConnection
    /// Whether the last answer was NO_JOB, so that the worker waits for a NOOP.
    private var isWorkerAsleep = false

    package init(_ connection: LoopbackConnection) { self.connection = connection }

    /// Reads a packet; nil if the other side has closed.
    package func read() -> Packet? {
        guard let header = connection.readBytes(12) else { return nil }
        let number = { (range: Range<Int>) in header[range].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
        guard let body = connection.readBytes(Int(number(8..<12))) else { return nil }
        let arguments = body.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
        return Packet(kind: number(4..<8), arguments: arguments)
    }

    /// Sends a packet; the arguments are separated by zero bytes.
    @discardableResult
    package func send(_ kind: UInt32, _ arguments: [UInt8]...) -> Bool {
        let body = Array(arguments.joined(separator: [0]))
        return connection.send(Self.header(kind, byteCount: body.count) + body)
    }

    /// A packet's header, which may be invalid.
    package static func header(_ kind: UInt32, byteCount: Int) -> [UInt8] {
        let word = { (value: UInt32) in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
        return [0] + Array("RES".utf8) + word(kind) + word(UInt32(truncatingIfNeeded: byteCount))
    }

    /// Answers echoes until the worker requests a job; returns false if it has closed.
    ///
    /// - Parameter collect: Receives the replies that arrive meanwhile.
    package func awaitGrab(collecting collect: (String) -> Void = { _ in }) -> Bool {
        if isWorkerAsleep {
            isWorkerAsleep = false
            send(Self.noop)
        }
        while let packet = read() {
            switch packet.kind {
            case Self.echoRequest: send(Self.echoResponse, packet.arguments[0])
            case Self.workComplete: collect(String(decoding: Self.reply(packet), as: UTF8.self))
            case Self.grabJobUnique: return true
            default: break
            }
        }
        return false
    }

    /// Assigns a job.
    package func assign(_ payload: [UInt8], function: String, handle: String, unique: String = "") {
        send(Self.jobAssignUnique, Array(handle.utf8), Array(function.utf8), Array(unique.utf8), payload)
    }

    /// Assigns a job, and answers echoes until its reply arrives; nil if the worker has closed.
    ///
    /// - Parameter collect: Receives the replies to other jobs that arrive meanwhile.
    package func reply(
        to payload: [UInt8],
        function: String,
        handle: String,
        unique: String = "",
        collecting collect: (String) -> Void = { _ in }
    ) -> [UInt8]? {
        assign(payload, function: function, handle: handle, unique: unique)
        while let packet = nextReply() {
            if packet.arguments[0] == Array(handle.utf8) { return Self.reply(packet) }
            collect(String(decoding: Self.reply(packet), as: UTF8.self))
        }
        return nil
    }

    /// Answers echoes until a reply arrives; nil if the worker has closed.
    package func awaitReply() -> [UInt8]? { nextReply().map(Self.reply) }

    /// Answers echoes until a reply arrives, and returns its job's handle; nil if the worker has closed.
    package func awaitHandle() -> String? { nextReply().map { String(decoding: $0.arguments[0], as: UTF8.self) } }

    /// Answers NO_JOB: requests are answered in order, as gearmand does.
    package func refuseJob() {
        isWorkerAsleep = true
        send(Self.noJob)
    }

    private func nextReply() -> Packet? {
        while let packet = read() {
            switch packet.kind {
            case Self.echoRequest: send(Self.echoResponse, packet.arguments[0])
            case Self.workComplete: return packet
            case Self.grabJobUnique: refuseJob()
            default: break
            }
        }
        return nil
    }

    private static func reply(_ packet: Packet) -> [UInt8] {
        Array(packet.arguments.dropFirst().joined(separator: [0]))
    }

    /// Answers echoes, and NO_JOB to requests, until the other side closes.
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
