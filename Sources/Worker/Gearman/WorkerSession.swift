// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import DequeModule

/// The worker's side of Gearman's protocol on one connection, from registering to the last reply.
///
/// It has no socket and no clock: packets go in, events and packets to be sent come out. A session begins with its
/// connection and ends with it, so that there is no connection on which nothing is registered.
struct WorkerSession {
    /// What a packet means for the worker.
    enum Event: Hashable {
        /// The server has taken the function.
        case registered
        case assigned(JobAssignment)
        /// The server has received the reply with that number.
        ///
        /// `isAwaited` says whether a client was waiting for it; without one, the server has thrown the reply away.
        case received(reply: Int, isAwaited: Bool)
        /// The server has received all that was sent before ``sendFarewell()``.
        case finished
        /// The server refused a packet; the connection is good all the same.
        case refused(code: String, text: String)
    }

    /// What an echo was sent for.
    private enum Echo {
        case registration
        case signOfLife
        case delivery(Delivery)
        case farewell
    }

    /// An echo that was sent, with the request for a job that was unanswered then.
    private struct SentEcho {
        var purpose: Echo
        let openRequest: UInt64?
    }

    private struct Delivery {
        let reply: Int
        /// What the server was asked about the job, by which its answer is known.
        let name: [UInt8]
        var isAwaited: Bool?
    }

    /// What the server calls this worker in its list of workers.
    private static let clientID = Array("steelyard".utf8)

    /// The packets that are to be sent.
    var output = PacketBuffer()
    private let function: [UInt8]
    /// Echoes come back in the order in which they were sent, and their numbers count up.
    private var echoes: Deque<SentEcho> = []
    private var firstEcho: UInt64 = 0
    private var isRegistered = false
    private var isGrabbing = false
    private var requestCount: UInt64 = 0
    private var isAsleep = false
    private var isStopping = false
    /// Whether the server may have a job.
    private var mayHaveJob = true
    /// Whether the server has announced a job since it was last asked for one.
    private var hasAnnouncedJob = false
    /// How many of the last requests for a job were answered with one.
    private var jobsInARow = 0

    /// Registers the function.
    ///
    /// - Parameter function: Its name, at most 512 bytes.
    init(function: String) {
        self.function = Array(function.utf8)
        output.append(.canDo, self.function)
        sendEcho(.registration)
    }

    /// Whether the server owes an answer to an echo.
    var awaitsEcho: Bool { !echoes.isEmpty }

    /// How many echoes the server has answered.
    var answeredEchoes: UInt64 { firstEcho }

    /// Whether a job may be on its way.
    var awaitsJob: Bool { isGrabbing }

    /// Takes a packet.
    ///
    /// - Returns: What it means; nil where there is nothing to do.
    /// - Throws: `GearmanProtocolError` for a packet that cannot come now.
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

    /// Asks for a job where the server may have one and was not asked yet.
    ///
    /// Where there is probably none, the packet that has the server announce the next job goes with the request, which
    /// saves a round trip.
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

    /// Completes a job, and has the server confirm that it has received the reply and that a client waits for it.
    ///
    /// The question whether a client waits goes before the reply, after which the server has forgotten the job.
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

    /// Asks the server for a sign of life.
    mutating func requestSignOfLife() { sendEcho(.signOfLife) }

    /// Takes no more jobs but one that may be on its way.
    ///
    /// The function stays registered: gearmand hands out a worker's jobs again as soon as that takes its function back.
    mutating func stopTakingJobs() { isStopping = true }

    /// Has the server confirm that it has received everything.
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
        // Servers answer in order: one that answers the echo will not answer the request before it any more.
        if isGrabbing, echo.openRequest == requestCount { throw .requestIgnored }
        switch echo.purpose {
        case .registration:
            isRegistered = true
            // A server that does not know this packet refuses it, and is none the worse for it.
            output.append(.setClientID, Self.clientID)
            return .registered
        case .signOfLife:
            // Asked again from time to time: an announcement may have been lost on the way.
            mayHaveJob = true
            return nil
        case .farewell: return .finished
        // A server that does not know the question is trusted to have a client.
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
