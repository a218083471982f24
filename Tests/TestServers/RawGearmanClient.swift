// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One connection of a Gearman client to a job server of 127.0.0.1; used on one thread, with blocking calls.
///
/// It uses no Gearman library, so a test sees every packet of the job server.
package final class RawGearmanClient {
    /// The result of a job for its client.
    package enum End: Sendable {
        /// The reply of WORK_COMPLETE.
        case reply([UInt8])
        /// WORK_FAIL, WORK_EXCEPTION, an error of the job server, or an unexpected packet.
        case refused(String)
        /// The connection ended before the reply.
        case lost(String)
        /// The connection is intact, but no reply arrived in time.
        case unanswered
    }

    private let socket: LoopbackSocket
    private var received: [UInt8] = []
    /// The handle of the last job, once it was created.
    package private(set) var handle: String?

    /// Connects.
    package init(port: Int) throws { socket = try LoopbackSocket.connected(to: port) }

    /// Submits a foreground job and waits for its end.
    ///
    /// - Parameters:
    ///   - payload: The job's payload.
    ///   - function: The function's name.
    ///   - unique: The job's unique id, without a NUL.
    ///   - deadline: The time at which to stop waiting.
    package func run(
        _ payload: [UInt8],
        function: String,
        unique: String,
        until deadline: ContinuousClock.Instant
    ) -> End {
        guard submit(payload, function: function, unique: unique) else { return .lost("the job cannot be sent") }
        do {
            while true {
                guard let packet = try next(until: deadline) else { return .unanswered }
                guard let end = judge(packet) else { continue }
                if case .reply(let reply) = end { ReplyRecorder.record(reply) }
                return end
            }
        } catch { return .lost("\(error)") }
    }

    /// Submits a foreground job without waiting.
    ///
    /// - Returns: Whether the packet could be sent.
    package func submit(_ payload: [UInt8], function: String, unique: String) -> Bool {
        handle = nil
        let body = Array(function.utf8) + [0] + Array(unique.utf8) + [0] + payload
        return socket.write(RawGearmanPacket(.submitJob, body).request)
    }

    /// Whether the server has not closed the connection, as far as this side knows.
    package var isOpen: Bool {
        var byte: UInt8 = 0
        let count = recv(socket.descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count > 0 || (count < 0 && errno == EAGAIN)
    }

    /// Sends a packet, for example one of a worker.
    ///
    /// - Returns: Whether the packet could be sent.
    @discardableResult
    package func send(_ packet: RawGearmanPacket) -> Bool { socket.write(packet.request) }

    /// Closes the connection.
    package func close() { socket.shutDown() }

    /// The result that a packet reports for the current job; nil if the job continues.
    private func judge(_ packet: RawGearmanPacket) -> End? {
        switch packet.kind {
        case .jobCreated where handle == nil:
            handle = String(decoding: packet.body, as: UTF8.self)
            return nil
        case .workComplete, .workFail, .workException, .workStatus, .workData, .workWarning:
            let arguments = packet.arguments(2)
            let name = String(decoding: arguments[0], as: UTF8.self)
            guard name == handle else { return .refused("a packet for \(name) instead of \(handle ?? "no job")") }
            switch packet.kind {
            case .workComplete: return .reply(arguments.count > 1 ? arguments[1] : [])
            case .workFail: return .refused("WORK_FAIL")
            case .workException: return .refused("WORK_EXCEPTION")
            default: return nil
            }
        default:
            let text = String(decoding: packet.body.prefix(200), as: UTF8.self)
            return .refused("packet \(packet.kind.map { "\($0)" } ?? "of an unknown type"): \(text)")
        }
    }

    /// Returns the next packet; nil after the deadline.
    ///
    /// - Throws: `ServerFailure` if the connection has ended or the bytes are no packet.
    package func next(until deadline: ContinuousClock.Instant) throws -> RawGearmanPacket? {
        while true {
            if let packet = try RawGearmanPacket(takenFrom: &received) { return packet }
            let left = max(.zero, deadline - ContinuousClock.now)
            var entry = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
            let count = poll(&entry, 1, Int32(clamping: Int(left / .milliseconds(1)) + 1))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            guard let bytes = socket.read(), !bytes.isEmpty else { throw ServerFailure("the connection ended") }
            received += bytes
        }
    }
}
