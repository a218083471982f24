// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import Synchronization

/// Starts the driver program on demand, and restarts it after it has ended.
final class ProgramKeeper: Sendable {
    /// A program that accepts requests.
    struct Program: Sendable {
        let session: ProgramSession
        let description: ProgramDescription
        /// The configuration version that it reported at its start.
        let version: KnownVersion
    }

    private typealias Waiter = CheckedContinuation<Result<Program, DriverError>, Never>

    private enum Phase {
        case idle
        case starting
        case running(Program)
        case stopped
    }

    private struct State {
        var phase = Phase.idle
        /// The last session, whose program may still be running.
        var session: ProgramSession?
        var began = ContinuousClock.now
        var delay = RestartDelay()
        var lastFailure: String?
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let configuration: ExecConfiguration
    private let logger: Logger
    private let onStart: @Sendable (Program) -> Void

    /// Creates a keeper; does not start a program yet.
    ///
    /// - Parameter onStart: Called for each program before its first request.
    init(_ configuration: ExecConfiguration, _ logger: Logger, onStart: @escaping @Sendable (Program) -> Void) {
        self.configuration = configuration
        self.logger = logger
        self.onStart = onStart
    }

    /// The running program; nil if none accepts requests now.
    var running: Program? {
        state.withLock { if case .running(let program) = $0.phase { program } else { nil } }
    }

    /// Returns the running program; if there is none, starts one and waits for it.
    ///
    /// - Throws: `DriverError`: `timedOut` if it is not ready in time, `unavailable` if it cannot be started or has
    ///   ended so often that its restart is delayed.
    func program(within limit: Duration) async throws(DriverError) -> Program {
        if let program = running { return program }
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        var alarm: Task<Void, any Error>?
        defer { alarm?.cancel() }
        return try await withCheckedContinuation { continuation in
            wait(continuation, number, limit)
            // Not before the waiter is registered.
            alarm = Task { [weak self] in
                try await Task.sleep(for: limit)
                self?.giveUp(number)
            }
        }.get()
    }

    /// Returns when the running program no longer accepts requests.
    func waitForEnd(of program: Program) async {
        await withCheckedContinuation { continuation in
            let isRunning = state.withLock { state in
                guard case .running(let current) = state.phase, current.session === program.session else {
                    return false
                }
                state.endWaiters.append(continuation)
                return true
            }
            if !isRunning { continuation.resume() }
        }
    }

    /// The time until the program may be restarted.
    var restartDelay: Duration { state.withLock { $0.delay.remaining(at: .now) } }

    /// Stops the program, and starts no other.
    ///
    /// - Returns: The session to wait for.
    @discardableResult
    func stop() -> ProgramSession? {
        let (session, waiters, endWaiters) = state.withLock { state in
            state.phase = .stopped
            defer {
                state.waiters = [:]
                state.endWaiters = []
            }
            return (state.session, state.waiters, state.endWaiters)
        }
        session?.stop()
        for waiter in endWaiters { waiter.resume() }
        for waiter in waiters.values { waiter.resume(returning: .failure(.agentStops)) }
        return session
    }
}

// MARK: - Starting

extension ProgramKeeper {
    private enum Step {
        case answer(Result<Program, DriverError>)
        case start
        case wait
    }

    private func wait(_ waiter: Waiter, _ number: Int, _ limit: Duration) {
        let step = state.withLock { state -> Step in
            switch state.phase {
            case .running(let program): return .answer(.success(program))
            case .stopped: return .answer(.failure(.agentStops))
            case .starting:
                state.waiters[number] = waiter
                return .wait
            case .idle:
                let delay = state.delay.remaining(at: .now)
                guard delay < min(limit, .seconds(1)) else {
                    return .answer(.failure(Self.failure(state.lastFailure, delay)))
                }
                state.waiters[number] = waiter
                state.phase = .starting
                return .start
            }
        }
        switch step {
        case .answer(let result): waiter.resume(returning: result)
        case .wait: return
        case .start: Task { await start() }
        }
    }

    private static func failure(_ reason: String?, _ delay: Duration) -> DriverError {
        let seconds = Int((delay / .seconds(1)).rounded(.up))
        return DriverError(
            .unavailable,
            "the driver program \(reason ?? "has ended"); restarting in \(seconds) s"
        )
    }

    private func giveUp(_ number: Int) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: number) }
        waiter?.resume(returning: .failure(DriverError(.timedOut, "the driver program is still starting")))
    }

    /// Starts a program once the previous one has ended, and passes it to all waiting calls.
    private func start() async {
        let (previous, delay) = state.withLock { ($0.session, $0.delay.remaining(at: .now)) }
        await previous?.waitForEnd()
        if delay > .zero { try? await Task.sleep(for: delay) }
        let result: Result<Program, DriverError>
        do throws(DriverError) { result = .success(try await launch()) } catch { result = .failure(error) }
        if case .success(let program) = result { onStart(program) }
        let waiters = state.withLock { state in
            if case .starting = state.phase {
                state.phase = .idle
                // A program that has ended meanwhile has already been reported.
                if case .success(let program) = result, !program.session.hasEnded { state.phase = .running(program) }
            }
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume(returning: result) }
    }

    private func launch() async throws(DriverError) -> Program {
        if case .stopped = state.withLock({ $0.phase }) { throw .agentStops }
        let folder = configuration.programFolder
        if !configuration.isReadOnly {
            do throws(FileError) { try AtomicFile.makeFolder(folder) } catch {
                throw failed(DriverError(.stateUnwritable, "cannot create the program's state directory: \(error)"))
            }
        }
        let session: ProgramSession
        do throws(DriverError) {
            session = try ProgramSession(configuration.childCommand, configuration.limits, logger) { [weak self] end in
                self?.noteEnd(end)
            }
        } catch { throw failed(error) }
        let isStopped = state.withLock { state in
            state.session = session
            state.began = .now
            if case .stopped = state.phase { return true }
            return false
        }
        guard !isStopped else {
            session.stop()
            throw .agentStops
        }
        switch await session.call(configuration.initialization) {
        case .success(let result):
            do throws(ProtocolFault) { return try await describe(session, ProgramDescription(result)) } catch {
                session.end(.failed(error.description))
                throw DriverError(.unavailable, "the driver program \(error)")
            }
        case .failure(let failure):
            if case .answered(let error) = failure { session.end(.failed("failed to start: \(error.message)")) }
            throw failure.driverError()
        }
    }

    private func describe(_ session: ProgramSession, _ description: ProgramDescription) async -> Program {
        logger.info(
            "driver program ready",
            metadata: ["exec.name": "\(description.name)", "exec.version": "\(description.version)"]
        )
        if !description.unknownCapabilities.isEmpty {
            logger.warning(
                "unknown capabilities of the driver program ignored",
                metadata: ["exec.capabilities": "\(description.unknownCapabilities.joined(separator: ","))"]
            )
        }
        let answer = await session.call(Request(method: .configurationVersion, timeout: configuration.limits.start))
        var version = KnownVersion.unknown
        if case .success(let result) = answer, let found = try? ConfigurationVersion.read(program: result) {
            version = .known(found)
        }
        return Program(session: session, description: description, version: version)
    }

    /// Records a failed start without a session.
    private func failed(_ error: DriverError) -> DriverError {
        state.withLock { state in
            state.delay.noteEnd(ranFor: .zero, at: .now)
            state.lastFailure = "cannot be started: \(error.message)"
        }
        return error
    }

    private func noteEnd(_ end: ProgramSession.End) {
        guard case .failed(let reason) = end else { return }
        let (delay, waiters) = state.withLock { state in
            if case .running = state.phase { state.phase = .idle }
            state.delay.noteEnd(ranFor: .now - state.began, at: .now)
            state.lastFailure = reason
            defer { state.endWaiters = [] }
            return (state.delay.remaining(at: .now), state.endWaiters)
        }
        logger.error(
            "driver program failed",
            metadata: [
                LogKeys.error: "the driver program \(reason)", "exec.restart_after_s": "\(delay.components.seconds)",
            ]
        )
        for waiter in waiters { waiter.resume() }
    }
}
