// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import DequeModule
import SteelyardCore

/// The jobs of one job server that are being processed, across connections.
///
/// After a lost connection, the server reassigns its jobs. A job that is still running then continues, and a completed
/// one is answered with the lost reply: nothing is executed twice.
struct JobTable {
    /// The treatment of a job assigned by a server.
    enum Beginning {
        case begun(Int, JobInHand)
        /// It is already being processed, and will be answered on the current connection.
        case adopted
        /// It was already completed.
        case answered([UInt8])
    }

    /// The properties that identify a reassigned job.
    ///
    /// A job without a unique id cannot be distinguished from a later one: a restarted server reuses its handles.
    private struct Identity: Hashable {
        let name: JobName
        let payload: [UInt8]

        init?(_ assignment: JobAssignment) {
            guard assignment.name.hasOwnUnique, case .bytes(let payload) = assignment.payload else { return nil }
            name = assignment.name
            self.payload = payload
        }

        func hash(into hasher: inout Hasher) { hasher.combine(name) }
    }

    private struct Entry {
        let name: JobName
        let job: JobInHand
        let byteCount: Int
        let identity: Identity?
        var connection: Int
    }

    private struct Answer {
        let identity: Identity
        let reply: [UInt8]
        let time: ContinuousClock.Instant
        /// The number of changes started by then: after another change, the reply is outdated.
        let changeCount: Int
    }

    private struct Delivery {
        let began: ContinuousClock.Instant
        let delivered: @Sendable () async -> Void
    }

    /// The maximum number of jobs being processed; the server keeps the others.
    private static let greatestCount = 8192
    /// Payloads up to this size are always accepted.
    private static let smallPayload = 64 << 10
    private static let smallestBudget = 32 << 20
    /// The time in which a server may reassign a job.
    private static let answerAge = Duration.seconds(300)
    private static let greatestAnswerCount = 256
    private static let greatestAnswer = 64 << 10

    /// The job server, for the log.
    private let server: String?
    private var entries: [Int: Entry] = [:]
    /// The jobs of earlier connections.
    private var orphans: [Identity: Int] = [:]
    private var answers: Deque<Answer> = []
    private var deliveries: [Int: Delivery] = [:]
    private var bytesInHand = 0
    private var connection = 0
    private var nextNumber = 0

    /// - Parameter server: The job server, `HOST:PORT`.
    init(server: String? = nil) { self.server = server }

    var isEmpty: Bool { entries.isEmpty }

    /// Whether another job may be started.
    var hasRoom: Bool { entries.count < Self.greatestCount }

    /// The maximum payload for the available memory, given the maximum message size `messageBytes`.
    ///
    /// The payloads being processed may total four times as much, or 32 MiB; small ones are always accepted.
    func payloadLimit(messageBytes: Int) -> Int {
        let budget = max(Self.smallestBudget, 4 * messageBytes)
        return min(messageBytes, max(Self.smallPayload, budget - bytesInHand))
    }

    /// Records the end of the connection, and discards the deliveries that the server has not confirmed.
    mutating func endConnection() {
        connection += 1
        deliveries = [:]
        orphans = [:]
        for (number, entry) in entries {
            if let identity = entry.identity { orphans[identity] = number }
        }
    }

    /// Adds a job assigned on the current connection.
    ///
    /// - Parameters:
    ///   - changeCount: The number of changes of the device started so far.
    ///   - wake: Called when the job has progress to send.
    mutating func begin(
        _ assignment: JobAssignment,
        changeCount: Int,
        wake: @escaping @Sendable () -> Void
    ) -> Beginning {
        let identity = Identity(assignment)
        if let identity {
            if let number = orphans.removeValue(forKey: identity) {
                entries[number]?.connection = connection
                return .adopted
            }
            if let answer = answer(identity, changeCount) { return .answered(answer) }
        }
        let job = JobInHand(handle: assignment.name.handle, server: server, wake: wake)
        let byteCount = assignment.payload.heldByteCount
        bytesInHand += byteCount
        nextNumber += 1
        entries[nextNumber] = Entry(
            name: assignment.name,
            job: job,
            byteCount: byteCount,
            identity: identity,
            connection: connection
        )
        return .begun(nextNumber, job)
    }

    /// Removes a completed job.
    ///
    /// - Parameters:
    ///   - number: The job's number.
    ///   - outcome: The job's result.
    ///   - changeCount: The number of changes of the device started so far.
    /// - Returns: The job to complete on the current connection; nil if the job's connection has ended.
    mutating func finish(_ number: Int, _ outcome: Outcome, changeCount: Int) -> JobName? {
        guard let entry = entries.removeValue(forKey: number) else { return nil }
        bytesInHand -= entry.byteCount
        if entry.connection == connection { return entry.name }
        guard let identity = entry.identity else { return nil }
        orphans[identity] = nil
        if outcome.hasEffect, max(entry.byteCount, outcome.reply.bytes.count) <= Self.greatestAnswer {
            if answers.count == Self.greatestAnswerCount { answers.removeFirst() }
            answers.append(
                Answer(identity: identity, reply: outcome.reply.bytes, time: .now, changeCount: changeCount)
            )
        }
        return nil
    }

    /// Stores the work to do once the server has confirmed a reply.
    ///
    /// - Returns: The reply's number.
    mutating func expectDelivery(_ delivered: @escaping @Sendable () async -> Void) -> Int {
        nextNumber += 1
        deliveries[nextNumber] = Delivery(began: .now, delivered: delivered)
        return nextNumber
    }

    mutating func takeDelivery(_ reply: Int) -> (@Sendable () async -> Void)? {
        deliveries.removeValue(forKey: reply)?.delivered
    }

    /// Since when the oldest reply waits for the server's confirmation; nil if none does.
    var oldestDelivery: ContinuousClock.Instant? { deliveries.values.map(\.began).min() }

    /// Returns the unsent progress of the current connection's jobs.
    func takeProgress() -> [(JobName, JobProgress)] {
        entries.values.compactMap { entry in
            guard entry.connection == connection, let progress = entry.job.takeProgress() else { return nil }
            return (entry.name, progress)
        }
    }

    func cancelAll() {
        for entry in entries.values { entry.job.cancel() }
    }

    private mutating func answer(_ identity: Identity, _ changeCount: Int) -> [UInt8]? {
        while let oldest = answers.first, .now - oldest.time > Self.answerAge { answers.removeFirst() }
        let known = answers.first { $0.identity == identity && $0.changeCount == changeCount }
        // Kept, because the reply may be lost again.
        return known?.reply
    }
}
