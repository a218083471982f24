// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// One life of a driver program, from its start to its end, with the requests to it.
///
/// A thread of its own talks with the program; a call costs the caller's thread nothing while it waits.
final class ProgramSession: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Why a session is over, or is to be.
    enum End: Sendable {
        /// The agent needs the program no longer.
        case stopped
        /// The program has ended, or cannot go on: what it did, as the end of a sentence.
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
        /// Set once; no request is sent from then on.
        var end: End?
        /// The program's process; nil before its start and after its end.
        var processID: Int32?
        /// Whether the program has ended, and the thread, too.
        var isOver = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>
    private let wakeup: Wakeup
    private let onEnd: @Sendable (End) -> Void

    /// Starts a thread that starts the program.
    ///
    /// - Parameters:
    ///   - command: What to run.
    ///   - limits: How long the program has to end.
    ///   - onEnd: Called once, when the session takes no more requests; the program may still run then.
    /// - Throws: `DriverError` with the code `unavailable` where the system gives no thread or no descriptor.
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

    /// Whether the session takes no more requests.
    var hasEnded: Bool { state.withLock { $0.end != nil } }

    /// The program's process; nil before its start and after its end.
    var processID: Int32? { state.withLock { $0.processID } }

    /// The change that is in hand.
    var change: Method? { state.withLock { $0.exchange.change } }

    /// Sends a request.
    ///
    /// - Parameter completion: Called once, perhaps before this returns.
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

    /// Sends a request and blocks until it was answered; for threads that may block.
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

    /// Asks the program to end.
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
    /// What the thread is to do next.
    struct Step {
        let end: End?
        let unsent: ArraySlice<UInt8>?
        let deadline: Instant?
    }

    /// Ends the requests whose time is over, and looks at what is next.
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

    /// Takes a line of the program's standard output.
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

    /// Takes note that bytes were written.
    func noteSent(_ count: Int) { state.withLock { $0.exchange.noteSent(count) } }

    /// Takes no more requests, and fails those that wait; the first reason counts.
    func end(_ end: End) {
        let completed = state.withLock { state -> [Exchange.Completed]? in
            guard state.end == nil else { return nil }
            state.end = end
            return state.exchange.end(end.failure)
        }
        guard let completed else { return }
        // Before the responses: a caller that gets one may ask for the next program.
        onEnd(end)
        for response in completed { response() }
        wakeup.wake()
    }

    /// Takes note of the program's process.
    func noteStart(_ processID: Int32) { state.withLock { $0.processID = processID } }

    /// Takes note that the program has ended.
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
