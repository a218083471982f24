// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An open connection to a job server, with its session; use it on one thread.
final class WorkerConnection {
    /// The time since the server's last response after which an echo request is sent.
    private static let idleLimit = Duration.seconds(10)
    /// The time in which the server must answer an echo request, or read pending output.
    private static let answerLimit = Duration.seconds(10)
    /// The same before the function is registered: it takes seconds when thousands of agents reconnect at once.
    private static let registrationLimit = Duration.seconds(30)
    /// The maximum size of a read, before jobs are started and replies are sent.
    private static let readLimit = 1 << 20
    private static let blockBytes = 64 << 10

    var session: WorkerSession
    private let socket: ServerSocket
    private var decoder: GearmanPacketDecoder
    private var block = [UInt8](repeating: 0, count: WorkerConnection.blockBytes)
    private var lastAnswer = ContinuousClock.now
    private var lastSent = ContinuousClock.now
    /// Since when a response is due without the server sending one or a part of a job.
    private var owedSince: ContinuousClock.Instant?
    private var isRegistered = false
    /// Whether there may be data that poll(2) does not report.
    private(set) var hasMoreToRead = false

    init(_ socket: ServerSocket, function: String, payloadLimit: Int) {
        self.socket = socket
        session = WorkerSession(function: function)
        decoder = GearmanPacketDecoder(payloadLimit: payloadLimit)
    }

    var descriptor: Int32 { socket.descriptor }

    /// The poll events to wait for on the descriptor.
    var awaited: Int16 { socket.awaited(hasOutput: session.output.count > 0) }

    /// The maximum size in bytes of a job's payload; larger ones are discarded.
    var payloadLimit: Int {
        get { decoder.payloadLimit }
        set { decoder.payloadLimit = newValue }
    }

    /// Reads the available data, and passes on its events.
    ///
    /// - Throws: `ConnectionError` if the connection is no longer usable.
    func read(_ handle: (WorkerSession.Event) -> Void) throws(ConnectionError) {
        var total = 0
        hasMoreToRead = false
        while total < Self.readLimit {
            let reading = try socket.read(into: &block)
            guard case .bytes(let count) = reading else {
                if case .end = reading { throw ConnectionError("the server closed the connection") }
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
            // Other packets do not count: a server could send them indefinitely without answering.
            if session.answeredEchoes != answeredEchoes || decoder.isInsideJob {
                lastAnswer = .now
                owedSince = nil
            }
            if !socket.mayHaveMore { return }
        }
        hasMoreToRead = true
    }

    /// Sends as much as the socket accepts.
    ///
    /// - Throws: `ConnectionError`.
    func flush() throws(ConnectionError) {
        if try socket.send(&session.output) || session.output.count == 0 { lastSent = .now }
    }

    /// Checks that the server responds, and sends an echo request to a silent server.
    ///
    /// - Returns: The time of the next check.
    /// - Throws: `ConnectionError` if it does not respond, or does not read.
    func checkTime(_ now: ContinuousClock.Instant) throws(ConnectionError) -> ContinuousClock.Instant {
        if session.output.count > 0, now - lastSent > Self.answerLimit {
            throw ConnectionError("the server does not read")
        }
        if !session.awaitsEcho, now - lastAnswer > Self.idleLimit { session.requestSignOfLife() }
        guard session.awaitsEcho else { return lastAnswer + Self.idleLimit }
        let since = owedSince ?? now
        owedSince = since
        let limit = isRegistered ? Self.answerLimit : Self.registrationLimit
        guard now - since <= limit else { throw ConnectionError("the server does not respond") }
        return since + limit
    }
}
