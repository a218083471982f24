// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import DequeModule
import SteelyardCore

/// The jobs in hand of one job server, over the ends of connections.
///
/// A connection that breaks has the server hand its jobs out again. A job that is still in hand then goes on, and one
/// that was done meanwhile is answered with the reply that was lost: nothing is done twice.
struct JobTable {
    /// What becomes of a job that a server has handed out.
    enum Beginning {
        case begun(Int, JobInHand)
        /// It is in hand already, and will be answered on the present connection.
        case adopted
        /// It was done already.
        case answered([UInt8])
    }

    /// What a job that is handed out again has in common with the first time.
    ///
    /// A job without a unique id cannot be told from a later one: a server that restarts numbers its jobs anew.
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
        /// How many changes had begun then: after another one, the reply is not true any more.
        let changeCount: Int
    }

    private struct Delivery {
        let began: ContinuousClock.Instant
        let delivered: @Sendable () async -> Void
    }

    /// How many jobs are in hand at most; the server keeps the others.
    private static let greatestCount = 8192
    /// Payloads of this size are taken however much is in hand.
    private static let smallPayload = 64 << 10
    private static let smallestBudget = 32 << 20
    /// How long a server may take to hand a job out again.
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

    /// Whether one more job may be begun.
    var hasRoom: Bool { entries.count < Self.greatestCount }

    /// The greatest payload that there is memory for, where a message may have `messageBytes`.
    ///
    /// The payloads in hand have at most four times as much together, or 32 MiB; small ones are always taken.
    func payloadLimit(messageBytes: Int) -> Int {
        let budget = max(Self.smallestBudget, 4 * messageBytes)
        return min(messageBytes, max(Self.smallPayload, budget - bytesInHand))
    }

    /// Takes note that the connection has ended, and forgets the replies that the server has not confirmed.
    mutating func endConnection() {
        connection += 1
        deliveries = [:]
        orphans = [:]
        for (number, entry) in entries {
            if let identity = entry.identity { orphans[identity] = number }
        }
    }

    /// Takes a job that the server has handed out on the present connection.
    ///
    /// - Parameters:
    ///   - changeCount: How many changes of the device have begun.
    ///   - wake: Called where the job has progress to be sent.
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

    /// Removes a job that is done.
    ///
    /// - Parameters:
    ///   - number: The job's number.
    ///   - outcome: What became of it.
    ///   - changeCount: How many changes of the device have begun.
    /// - Returns: The job to be completed on the present connection; nil where its own connection has ended.
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

    /// Keeps what is to be done once the server has confirmed a reply.
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

    /// Since when the oldest reply waits for the server's confirmation; nil where none does.
    var oldestDelivery: ContinuousClock.Instant? { deliveries.values.map(\.began).min() }

    /// The progress of the present connection's jobs that was not sent.
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
        // It stays: the reply may be lost again.
        return known?.reply
    }
}
