// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The requests of one session and their responses: a state machine without threads or I/O.
///
/// Responses are matched to requests by id, so the program may respond in any order.
struct Exchange: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// A response to deliver, outside of any lock.
    struct Completed: Sendable {
        let completion: Request.Completion
        let result: Result<JSONValue, CallFailure>

        func callAsFunction() { completion(result) }
    }

    private struct Pending {
        let method: Method
        let began: Instant
        let timeout: Duration
        /// The current time-out, which progress extends.
        var deadline: Instant
        /// The latest time-out.
        let lastDeadline: Instant
        let completion: Request.Completion
    }

    private struct Line {
        /// nil for a notification.
        let id: Int?
        let bytes: [UInt8]
    }

    /// The most unanswered requests.
    static let greatestPending = 256
    /// The most notifications that a program may send within a second.
    static let greatestNotifications = 1000
    /// How long a program may be silent while requests are unanswered and no change is running.
    static let silenceLimit = Duration.seconds(30)

    private var pending: [Int: Pending] = [:]
    /// Requests that have timed out and are still unanswered.
    private var overdue: [Int: Method] = [:]
    private var unsent: [Line] = []
    private var sentOfFirst = 0
    private var nextID = 1
    /// The time of the program's last response, or of the first request since then.
    private var heard: Instant
    private var notifications: (since: Instant, count: Int)

    init(now: Instant) {
        heard = now
        notifications = (now, 0)
    }

    /// The running change.
    var change: Method? { pending.values.first { $0.method.isChange }?.method }

    private var isWaiting: Bool { !pending.isEmpty || !overdue.isEmpty }

    /// The time for the next call of ``expire(at:)``.
    var deadline: Instant? {
        let next = pending.values.map(\.deadline).min()
        guard isWaiting, change == nil else { return next }
        let silence = heard + Self.silenceLimit
        return next.map { min($0, silence) } ?? silence
    }

    /// Adds a request.
    ///
    /// - Returns: The completion to call immediately, if there are too many requests.
    mutating func add(_ request: Request, at now: Instant, _ completion: @escaping Request.Completion) -> Completed? {
        guard pending.count + overdue.count < Self.greatestPending else {
            let reason = "has not answered \(Self.greatestPending) requests; no more are sent"
            return Completed(completion: completion, result: .failure(.timedOut(reason)))
        }
        if !isWaiting { heard = now }
        let id = nextID
        nextID += 1
        pending[id] = Pending(
            method: request.method,
            began: now,
            timeout: request.timeout,
            deadline: now + request.timeout,
            lastDeadline: now + max(request.timeout, request.progressLimit ?? .zero),
            completion: completion
        )
        unsent.append(Line(id: id, bytes: request.line(id: id)))
        return nil
    }

    /// Adds a notification.
    mutating func notify(_ method: Method, _ members: [JSONFragment.Member]) {
        guard unsent.count < Self.greatestPending else { return }
        unsent.append(Line(id: nil, bytes: Request.notification(method, members)))
    }

    /// Handles a line from the program.
    ///
    /// - Returns: The response to deliver; nil if the line contains none for a pending request.
    /// - Throws: `ProtocolFault`.
    mutating func receive(_ line: [UInt8], at now: Instant) throws(ProtocolFault) -> Completed? {
        switch try IncomingMessage(line) {
        case .result(let id, let value): return try complete(id, .success(value), now)
        case .failure(let id, let error): return try complete(id, .failure(.answered(error)), now)
        case .progress(let id):
            try countNotification(now)
            guard pending[id] != nil || overdue[id] != nil else {
                throw ProtocolFault("reported progress of a request that is not pending (id \(id))")
            }
            heard = now
            extend(id, now)
        case .unknownNotification: try countNotification(now)
        }
        return nil
    }

    /// Ends the requests that have timed out.
    ///
    /// - Returns: The responses to deliver, and the reason why the program cannot continue, if any.
    mutating func expire(at now: Instant) -> (completed: [Completed], fault: ProtocolFault?) {
        var completed: [Completed] = []
        var fault: ProtocolFault?
        let change = change
        for (id, request) in pending.sorted(by: { $0.key < $1.key }) where request.deadline <= now {
            pending[id] = nil
            if !withdraw(id) { overdue[id] = request.method }
            let seconds = Self.seconds(request.deadline - request.began)
            let cause = change.flatMap { $0 == request.method ? nil : "; it is busy with '\($0.rawValue)'" } ?? ""
            let reason = "did not answer '\(request.method.rawValue)' within \(seconds) s\(cause)"
            completed.append(Completed(completion: request.completion, result: .failure(.timedOut(reason))))
            // A change that has failed must not be made later.
            if request.method.isChange || request.method == .initialize { fault = fault ?? ProtocolFault(reason) }
        }
        if fault == nil, self.change == nil, isWaiting, heard + Self.silenceLimit <= now {
            fault = ProtocolFault("has answered nothing for \(Self.seconds(Self.silenceLimit)) s")
        }
        return (completed, fault)
    }

    /// Ends all requests.
    mutating func end(_ failure: CallFailure) -> [Completed] {
        defer {
            pending = [:]
            overdue = [:]
            unsent = []
        }
        return pending.sorted { $0.key < $1.key }
            .map { Completed(completion: $0.value.completion, result: .failure(failure)) }
    }

    /// The bytes to write next.
    var unsentBytes: ArraySlice<UInt8>? { unsent.first.map { $0.bytes[sentOfFirst...] } }

    /// Records that bytes were written.
    mutating func noteSent(_ count: Int) {
        sentOfFirst += count
        guard let first = unsent.first, sentOfFirst >= first.bytes.count else { return }
        unsent.removeFirst()
        sentOfFirst = 0
    }

    private mutating func complete(
        _ id: Int,
        _ result: Result<JSONValue, CallFailure>,
        _ now: Instant
    ) throws(ProtocolFault) -> Completed? {
        heard = now
        if let request = pending.removeValue(forKey: id) {
            return Completed(completion: request.completion, result: result)
        }
        guard overdue.removeValue(forKey: id) != nil else {
            throw ProtocolFault("answered a request that is not pending (id \(id))")
        }
        return nil
    }

    private mutating func extend(_ id: Int, _ now: Instant) {
        guard var request = pending[id] else { return }
        request.deadline = min(max(request.deadline, now + request.timeout), request.lastDeadline)
        pending[id] = request
    }

    /// Withdraws a request of which nothing was sent.
    private mutating func withdraw(_ id: Int) -> Bool {
        guard let index = unsent.firstIndex(where: { $0.id == id }), index > 0 || sentOfFirst == 0 else { return false }
        unsent.remove(at: index)
        return true
    }

    private mutating func countNotification(_ now: Instant) throws(ProtocolFault) {
        if now - notifications.since > .seconds(1) { notifications = (now, 0) }
        notifications.count += 1
        guard notifications.count <= Self.greatestNotifications else {
            throw ProtocolFault("sent more than \(Self.greatestNotifications) notifications within a second")
        }
    }

    private static func seconds(_ duration: Duration) -> String {
        let tenths = Int((duration / .milliseconds(100)).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
