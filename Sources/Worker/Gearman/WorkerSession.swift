// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import DequeModule

/// The worker's side of Gearman's protocol on one connection, from registration to the last reply.
///
/// It has no socket and no clock: its input is packets, its output is events and packets to send. A session exists
/// exactly as long as its connection, so that every connection is registered.
struct WorkerSession {
    /// A packet's meaning for the worker.
    enum Event: Hashable {
        /// The server has registered the function.
        case registered
        case assigned(JobAssignment)
        /// The server has received the reply with that number.
        ///
        /// `isAwaited`: whether a client was waiting for it; otherwise the server has discarded the reply.
        case received(reply: Int, isAwaited: Bool)
        /// The server has received everything sent before ``sendFarewell()``.
        case finished
        /// The server refused a packet; the connection is still usable.
        case refused(code: String, text: String)
    }

    /// The purpose of an echo request.
    private enum Echo {
        case registration
        case signOfLife
        case delivery(Delivery)
        case farewell
    }

    /// A sent echo request, with the number of the unanswered job request at that time.
    private struct SentEcho {
        var purpose: Echo
        let openRequest: UInt64?
    }

    private struct Delivery {
        let reply: Int
        /// The handle or id in the status request, which identifies its response.
        let name: [UInt8]
        var isAwaited: Bool?
    }

    /// The worker's name in the server's list of workers.
    private static let clientID = Array("steelyard".utf8)

    /// The packets to send.
    var output = PacketBuffer()
    private let function: [UInt8]
    /// Responses arrive in the order of the requests, whose numbers count up.
    private var echoes: Deque<SentEcho> = []
    private var firstEcho: UInt64 = 0
    private var isRegistered = false
    private var isGrabbing = false
    private var requestCount: UInt64 = 0
    private var isAsleep = false
    private var isStopping = false
    /// Whether the server may have a job.
    private var mayHaveJob = true
    /// Whether the server has announced a job since the last request.
    private var hasAnnouncedJob = false
    /// The number of consecutive requests that were answered with a job.
    private var jobsInARow = 0

    /// Registers the function.
    ///
    /// - Parameter function: Its name, at most 512 bytes.
    init(function: String) {
        self.function = Array(function.utf8)
        output.append(.canDo, self.function)
        sendEcho(.registration)
    }

    /// Whether the response to an echo request is due.
    var awaitsEcho: Bool { !echoes.isEmpty }

    /// The number of echo requests answered by the server.
    var answeredEchoes: UInt64 { firstEcho }

    /// Whether a job may be on its way.
    var awaitsJob: Bool { isGrabbing }

    /// Handles a packet.
    ///
    /// - Returns: The event; nil if there is nothing to do.
    /// - Throws: `GearmanProtocolError` for a packet that is invalid in this state.
    mutating func receive(_ packet: ServerPacket) throws(GearmanProtocolError) -> Event? {
        switch packet {
        case .noop:
            isAsleep = false
            if isGrabbing { hasAnnouncedJob = true } else { mayHaveJob = true }
            return nil
        case .noJob:
            guard isGrabbing else { throw .unexpected(.noJob) }
            isGrabbing = false
            jobsInARow = 0
            mayHaveJob = hasAnnouncedJob
            if !mayHaveJob, !isAsleep { sleep() }
            return nil
        case .jobAssigned(let job):
            guard isGrabbing, job.function == function else { throw .unexpected(packet.kind) }
            isGrabbing = false
            jobsInARow += 1
            mayHaveJob = true
            return .assigned(job)
        case .echo(let content): return try receiveEcho(content)
        case .status(let status):
            try receiveStatus(status)
            return nil
        case .error(let code, let text):
            guard isRegistered else { throw .registrationRefused }
            return .refused(code: code, text: text)
        case .ignored: return nil
        default: throw .unexpected(packet.kind)
        }
    }

    /// Requests a job if the server may have one and no request is open.
    ///
    /// If there is probably none, the request is sent together with PRE_SLEEP, after which the server announces the
    /// next job; that saves a round trip.
    mutating func requestJob() {
        guard mayHaveJob, !isGrabbing, !isStopping else { return }
        output.append(.grabJobUnique)
        requestCount += 1
        isGrabbing = true
        isAsleep = false
        hasAnnouncedJob = false
        if jobsInARow < 2 { sleep() }
    }

    /// Completes a job.
    mutating func complete(_ job: JobName, _ reply: [UInt8]) {
        output.append(.workComplete, job.handle, reply)
    }

    /// Completes a job, and requests confirmation that the server has the reply and that a client waits for it.
    ///
    /// The status request precedes the reply, because the server forgets the job afterwards.
    mutating func complete(_ job: JobName, _ bytes: [UInt8], confirming reply: Int) {
        let name = job.hasOwnUnique ? job.unique : job.handle
        output.append(job.hasOwnUnique ? .getStatusUnique : .getStatus, name)
        complete(job, bytes)
        sendEcho(.delivery(Delivery(reply: reply, name: name)))
    }

    mutating func report(_ job: JobName, _ progress: JobProgress) {
        output.append(
            .workStatus,
            job.handle,
            Array(String(progress.numerator).utf8),
            Array(String(progress.denominator).utf8)
        )
    }

    /// Sends an echo request to a silent server.
    mutating func requestSignOfLife() { sendEcho(.signOfLife) }

    /// Stops requesting jobs; one may still be on its way.
    ///
    /// The function stays registered: when a worker removes its function, gearmand reassigns its jobs immediately.
    mutating func stopTakingJobs() { isStopping = true }

    /// Requests confirmation that the server has received everything.
    mutating func sendFarewell() { sendEcho(.farewell) }

    private mutating func sleep() {
        output.append(.preSleep)
        isAsleep = true
    }

    private mutating func sendEcho(_ echo: Echo) {
        output.append(.echoRequest, Self.content(firstEcho + UInt64(echoes.count)))
        echoes.append(SentEcho(purpose: echo, openRequest: isGrabbing ? requestCount : nil))
    }

    private mutating func receiveEcho(_ content: [UInt8]) throws(GearmanProtocolError) -> Event? {
        guard content == Self.content(firstEcho), let echo = echoes.popFirst() else {
            throw .unexpected(.echoResponse)
        }
        firstEcho += 1
        // Servers answer in order: after the echo response, the earlier request will not be answered.
        if isGrabbing, echo.openRequest == requestCount { throw .requestIgnored }
        switch echo.purpose {
        case .registration:
            isRegistered = true
            // A server that does not support this packet refuses it, without other effects.
            output.append(.setClientID, Self.clientID)
            return .registered
        case .signOfLife:
            // Requested again periodically: an announcement may have been lost.
            mayHaveJob = true
            return nil
        case .farewell: return .finished
        // If the server does not support the status request, a client is assumed to wait.
        case .delivery(let delivery): return .received(reply: delivery.reply, isAwaited: delivery.isAwaited ?? true)
        }
    }

    private mutating func receiveStatus(_ status: JobStatus) throws(GearmanProtocolError) {
        for index in echoes.indices {
            guard case .delivery(var delivery) = echoes[index].purpose, delivery.isAwaited == nil else { continue }
            guard delivery.name == status.name else { break }
            delivery.isAwaited = status.isKnown && status.clientCount != 0
            echoes[index].purpose = .delivery(delivery)
            return
        }
        throw .unexpected(.statusResponse)
    }

    private static func content(_ number: UInt64) -> [UInt8] { Array("steelyard \(number)".utf8) }
}
