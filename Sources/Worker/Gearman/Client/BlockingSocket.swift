// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem

/// A blocking connection to a job server, for a dedicated thread; calls block at most until their deadline.
final class BlockingSocket {
    typealias Instant = ContinuousClock.Instant

    private static let blockBytes = 64 << 10
    /// The maximum time without the server accepting a byte.
    private static let sendLimit = Duration.seconds(10)

    private let loop: EventLoop
    private let socket: ServerSocket
    private var block = [UInt8](repeating: 0, count: BlockingSocket.blockBytes)

    /// Connects.
    ///
    /// - Throws: `ConnectionError`, also after the deadline.
    init(_ server: GearmanServer, tls: TLSContextSource?, by deadline: Instant) throws(ConnectionError) {
        let loop: EventLoop
        do { loop = try EventLoop() } catch { throw .system("make an event descriptor", error) }
        var connector = try Connector(server, tls: tls) { loop.wake() }
        var open = try connector.advance()
        while open == nil {
            guard .now < deadline else { throw .noAnswer }
            _ = loop.wait(
                for: connector.descriptor,
                events: connector.awaited,
                until: min(deadline, connector.deadline)
            )
            open = try connector.advance()
        }
        guard let open else { throw .noAnswer }
        self.loop = loop
        socket = open
    }

    /// Sends the buffer's contents.
    ///
    /// - Throws: `ConnectionError`, also after the deadline.
    func send(_ output: inout PacketBuffer, by deadline: Instant) throws(ConnectionError) {
        var limit = min(deadline, .now + Self.sendLimit)
        while output.count > 0 {
            if try socket.send(&output) {
                limit = min(deadline, .now + Self.sendLimit)
                continue
            }
            guard .now < limit else { throw ConnectionError("the server does not read") }
            _ = loop.wait(for: socket.descriptor, events: socket.awaited(hasOutput: true), until: limit)
        }
    }

    /// Waits for bytes.
    ///
    /// - Returns: Received data, at least one byte; nil after the deadline.
    /// - Throws: `ConnectionError`, also if the server closed the connection.
    func receive(by deadline: Instant) throws(ConnectionError) -> ArraySlice<UInt8>? {
        while true {
            switch try socket.read(into: &block) {
            case .bytes(let count): return block[..<count]
            case .end: throw ConnectionError("the server closed the connection")
            case .nothing:
                guard .now < deadline else { return nil }
                _ = loop.wait(for: socket.descriptor, events: socket.awaited(hasOutput: false), until: deadline)
            }
        }
    }
}
