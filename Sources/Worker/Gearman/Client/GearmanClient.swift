// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A client's connection to one job server; calls block, at most until their deadline.
final class GearmanClient {
    typealias Instant = ContinuousClock.Instant

    /// Larger than any reply of an agent: a message has at most 1 GiB.
    private static let greatestReply = 1025 << 20

    private let socket: BlockingSocket
    private var decoder = GearmanPacketDecoder(payloadLimit: 0, bodyLimit: GearmanClient.greatestReply)

    /// Connects.
    ///
    /// - Throws: `ConnectionError`, also after the deadline.
    init(_ server: GearmanServer, tls: TLSContextSource?, by deadline: Instant) throws(ConnectionError) {
        socket = try BlockingSocket(server, tls: tls, by: deadline)
    }

    /// Sends an echo request and waits for the response.
    ///
    /// - Throws: `ConnectionError`, also for another response.
    func echo(by deadline: Instant) throws(ConnectionError) {
        let word = Array("steelyard".utf8)
        try send(.echoRequest, word, by: deadline)
        guard let packet = try receive(by: deadline) else { throw .noAnswer }
        guard packet == .echo(word) else { throw ConnectionError("unexpected response to an echo request") }
    }

    /// Sends a packet.
    ///
    /// - Throws: `ConnectionError`, also after the deadline.
    func send(_ kind: GearmanPacketKind, _ arguments: [UInt8]..., by deadline: Instant) throws(ConnectionError) {
        var output = PacketBuffer()
        output.append(kind, arguments)
        try socket.send(&output, by: deadline)
    }

    /// Waits for a packet.
    ///
    /// - Returns: nil after the deadline.
    /// - Throws: `ConnectionError`, also if the server violates the protocol or closes the connection.
    func receive(by deadline: Instant) throws(ConnectionError) -> ServerPacket? {
        while true {
            do throws(GearmanProtocolError) {
                if let packet = try decoder.next() { return packet }
            } catch { throw ConnectionError(error.description) }
            guard .now < deadline else { return nil }
            guard let bytes = try socket.receive(by: deadline) else { return nil }
            decoder.append(bytes)
        }
    }
}
