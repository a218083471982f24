// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An open connection to a job server with the session on it; to be used on one thread.
final class WorkerConnection {
    /// How long after its last answer the server is asked for a sign of life.
    private static let idleLimit = Duration.seconds(10)
    /// How long the server may take to answer an echo, or to read while there is something to be sent.
    private static let answerLimit = Duration.seconds(10)
    /// The same before the server has taken the function: when thousands of agents come back at once, it takes seconds.
    private static let registrationLimit = Duration.seconds(30)
    /// How much is read before jobs are begun and replies are sent.
    private static let readLimit = 1 << 20
    private static let blockBytes = 64 << 10

    var session: WorkerSession
    private let socket: ServerSocket
    private var decoder: GearmanPacketDecoder
    private var block = [UInt8](repeating: 0, count: WorkerConnection.blockBytes)
    private var lastAnswer = ContinuousClock.now
    private var lastSent = ContinuousClock.now
    /// Since when the server has owed an answer, without sending one or a part of a job.
    private var owedSince: ContinuousClock.Instant?
    private var isRegistered = false
    /// Whether there may be something to read, though the descriptor does not show it.
    private(set) var hasMoreToRead = false

    init(_ socket: ServerSocket, function: String, payloadLimit: Int) {
        self.socket = socket
        session = WorkerSession(function: function)
        decoder = GearmanPacketDecoder(payloadLimit: payloadLimit)
    }

    var descriptor: Int32 { socket.descriptor }

    /// What to wait for on the descriptor.
    var awaited: Int16 { socket.awaited(hasOutput: session.output.count > 0) }

    /// The greatest payload of a job that is kept, in bytes.
    var payloadLimit: Int {
        get { decoder.payloadLimit }
        set { decoder.payloadLimit = newValue }
    }

    /// Reads what has arrived, and hands over what it means.
    ///
    /// - Throws: `ConnectionError` where the connection is of no more use.
    func read(_ handle: (WorkerSession.Event) -> Void) throws(ConnectionError) {
        var total = 0
        hasMoreToRead = false
        while total < Self.readLimit {
            let reading = try socket.read(into: &block)
            guard case .bytes(let count) = reading else {
                if case .end = reading { throw ConnectionError("it has closed the connection") }
                return
            }
            total += count
            let answeredEchoes = session.answeredEchoes
            do throws(GearmanProtocolError) {
                decoder.append(block[..<count])
                while let packet = try decoder.next() {
                    guard let event = try session.receive(packet) else { continue }
                    if event == .registered { isRegistered = true }
                    handle(event)
                }
            } catch { throw ConnectionError(error.description) }
            // Other packets are no answer: a server could go on sending them and never answer.
            if session.answeredEchoes != answeredEchoes || decoder.isInsideJob {
                lastAnswer = .now
                owedSince = nil
            }
            if !socket.mayHaveMore { return }
        }
        hasMoreToRead = true
    }

    /// Sends as much as fits.
    ///
    /// - Throws: `ConnectionError`.
    func flush() throws(ConnectionError) {
        if try socket.send(&session.output) || session.output.count == 0 { lastSent = .now }
    }

    /// Looks whether the server is still there, and asks it where it has been silent.
    ///
    /// - Returns: When to look again.
    /// - Throws: `ConnectionError` where it has not answered, or does not read.
    func checkTime(_ now: ContinuousClock.Instant) throws(ConnectionError) -> ContinuousClock.Instant {
        if session.output.count > 0, now - lastSent > Self.answerLimit {
            throw ConnectionError("it does not read what is sent to it")
        }
        if !session.awaitsEcho, now - lastAnswer > Self.idleLimit { session.requestSignOfLife() }
        guard session.awaitsEcho else { return lastAnswer + Self.idleLimit }
        let since = owedSince ?? now
        owedSince = since
        let limit = isRegistered ? Self.answerLimit : Self.registrationLimit
        guard now - since <= limit else { throw ConnectionError("it does not answer") }
        return since + limit
    }
}
