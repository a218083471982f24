// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// One run of a driver program, from its start to its end, with its requests.
///
/// A dedicated thread communicates with the program; a waiting call blocks no thread of the caller.
final class ProgramSession: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// The reason why a session has ended, or must end.
    enum End: Sendable {
        /// The agent no longer needs the program.
        case stopped
        /// The program has ended or failed: a predicate of "the driver program".
        case failed(String)

        var failure: CallFailure {
            switch self {
            case .stopped: .stopped
            case .failed(let reason): .ended(reason)
            }
        }
    }

    private struct State {
        var exchange: Exchange
        /// Set once; no requests are sent afterwards.
        var end: End?
        /// The program's process ID; nil before its start and after its end.
        var processID: Int32?
        /// Whether the program and the thread have ended.
        var isOver = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>
    private let wakeup: Wakeup
    private let onEnd: @Sendable (End) -> Void

    /// Starts a thread that starts the program.
    ///
    /// - Parameters:
    ///   - command: The program to run.
    ///   - limits: The time-outs for stopping the program.
    ///   - onEnd: Called once, when the session no longer accepts requests; the program may still be running.
    /// - Throws: `DriverError` with the code `unavailable` if the system cannot create a thread or a descriptor.
    init(
        _ command: ChildProcess.Command,
        _ limits: TimeLimits,
        _ logger: Logger,
        onEnd: @escaping @Sendable (End) -> Void
    ) throws(DriverError) {
        state = Mutex(State(exchange: Exchange(now: .now)))
        self.onEnd = onEnd
        do throws(Errno) { wakeup = try Wakeup() } catch {
            throw DriverError(.unavailable, "cannot start the driver program: \(error)")
        }
        do throws(ThreadError) {
            try DedicatedThread.start(name: "exec-driver") { [self] in
                var loop = ProgramLoop(self, command, limits, logger)
                loop.run(wakeup)
            }
        } catch { throw DriverError(.unavailable, "cannot start the driver program: \(error)") }
    }

    /// Whether the session no longer accepts requests.
    var hasEnded: Bool { state.withLock { $0.end != nil } }

    /// The program's process ID; nil before its start and after its end.
    var processID: Int32? { state.withLock { $0.processID } }

    /// The running change.
    var change: Method? { state.withLock { $0.exchange.change } }

    /// Sends a request.
    ///
    /// - Parameter completion: Called once, possibly before this returns.
    func send(_ request: Request, _ completion: @escaping Request.Completion) {
        let refused = state.withLock { state -> Exchange.Completed? in
            if let end = state.end { return .init(completion: completion, result: .failure(end.failure)) }
            return state.exchange.add(request, at: .now, completion)
        }
        refused?()
        wakeup.wake()
    }

    /// Sends a request and waits for its response.
    func call(_ request: Request) async -> Result<JSONValue, CallFailure> {
        await withCheckedContinuation { continuation in
            send(request) { continuation.resume(returning: $0) }
        }
    }

    /// Sends a request and blocks until the response; for threads that may block.
    func callBlocking(_ request: Request) -> Result<JSONValue, CallFailure> {
        let answer = BlockingAnswer()
        send(request) { answer.set($0) }
        return answer.wait()
    }

    /// Sends a notification.
    func notify(_ method: Method, _ members: [JSONFragment.Member]) {
        state.withLock { state in
            if state.end == nil { state.exchange.notify(method, members) }
        }
        wakeup.wake()
    }

    /// Asks the program to stop.
    func stop() { end(.stopped) }

    /// Waits until the program has ended.
    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiters.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }
}

// MARK: - For the thread

extension ProgramSession {
    /// The thread's next step.
    struct Step {
        let end: End?
        let unsent: ArraySlice<UInt8>?
        let deadline: Instant?
    }

    /// Ends the requests that have timed out, and returns the next step.
    func nextStep() -> Step {
        let (step, completed, fault) = state.withLock { state in
            let (completed, fault) = state.exchange.expire(at: .now)
            let step = Step(
                end: state.end,
                unsent: state.exchange.unsentBytes,
                deadline: state.exchange.deadline
            )
            return (step, completed, fault)
        }
        // Before the responses, as in ``end(_:)``.
        if let fault { end(.failed(fault.description)) }
        for response in completed { response() }
        guard fault != nil, step.end == nil else { return step }
        return nextStep()
    }

    /// Handles a line of the program's standard output.
    func receive(_ line: [UInt8]) {
        let result: Result<Exchange.Completed?, ProtocolFault> = state.withLock { state in
            guard state.end == nil else { return .success(nil) }
            do throws(ProtocolFault) { return .success(try state.exchange.receive(line, at: .now)) } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let completed): completed?()
        case .failure(let fault): end(.failed(fault.description))
        }
    }

    /// Records that bytes were written.
    func noteSent(_ count: Int) { state.withLock { $0.exchange.noteSent(count) } }

    /// Rejects further requests, and fails those that wait; only the first reason counts.
    func end(_ end: End) {
        let completed = state.withLock { state -> [Exchange.Completed]? in
            guard state.end == nil else { return nil }
            state.end = end
            return state.exchange.end(end.failure)
        }
        guard let completed else { return }
        // Before the responses: a caller that gets one may request the next program.
        onEnd(end)
        for response in completed { response() }
        wakeup.wake()
    }

    /// Records the program's process ID.
    func noteStart(_ processID: Int32) { state.withLock { $0.processID = processID } }

    /// Records that the program has ended.
    func noteOver() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            state.processID = nil
            state.isOver = true
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
