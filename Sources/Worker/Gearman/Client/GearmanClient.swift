// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A client's conversation with one job server; calls block until their deadline at most.
final class GearmanClient {
    typealias Instant = ContinuousClock.Instant

    /// Larger than any reply of an agent: a message has at most 1 GiB.
    private static let greatestReply = 1025 << 20

    private let socket: BlockingSocket
    private var decoder = GearmanPacketDecoder(payloadLimit: 0, bodyLimit: GearmanClient.greatestReply)

    /// Connects.
    ///
    /// - Throws: `ConnectionError`, also where the deadline has passed.
    init(_ server: GearmanServer, tls: TLSContextSource?, by deadline: Instant) throws(ConnectionError) {
        socket = try BlockingSocket(server, tls: tls, by: deadline)
    }

    /// Asks the server for an answer.
    ///
    /// - Throws: `ConnectionError`, also where it answers with something else.
    func echo(by deadline: Instant) throws(ConnectionError) {
        let word = Array("steelyard".utf8)
        try send(.echoRequest, word, by: deadline)
        guard let packet = try receive(by: deadline) else { throw .noAnswer }
        guard packet == .echo(word) else { throw ConnectionError("it answers an echo with something else") }
    }

    /// Sends a packet.
    ///
    /// - Throws: `ConnectionError`, also where the deadline has passed.
    func send(_ kind: GearmanPacketKind, _ arguments: [UInt8]..., by deadline: Instant) throws(ConnectionError) {
        var output = PacketBuffer()
        output.append(kind, arguments)
        try socket.send(&output, by: deadline)
    }

    /// Waits for a packet.
    ///
    /// - Returns: nil where the deadline has passed.
    /// - Throws: `ConnectionError`, also where the server breaks the protocol or closes the connection.
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
