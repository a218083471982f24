// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import Synchronization

/// Receives the signals of a worker's process on a thread of its own.
///
/// SIGTERM and SIGINT stop the agent in order, whenever they come; SIGHUP has it read its configuration again.
final class SignalReceiver: Sendable {
    private enum Phase {
        case starting(isReloadRequested: Bool)
        case running(stop: @Sendable () -> Void, reload: @Sendable () -> Void)
        case stopping
    }

    /// After this the process ends in any case: more than the jobs in hand have, and less than systemd's time-out.
    private static let stopLimit = Duration.seconds(28)

    private let signals: CaughtSignals
    private let phase = Mutex(Phase.starting(isReloadRequested: false))

    /// Starts the thread; until ``run(stop:reload:)``, a signal to stop ends the process at once, with the code 0.
    ///
    /// - Throws: `ThreadError`.
    init(_ signals: CaughtSignals) throws(ThreadError) {
        self.signals = signals
        try DedicatedThread.start(name: "signals") { [self] in receive() }
    }

    /// Calls these closures from now on: `stop` once, `reload` for each SIGHUP until then.
    func run(stop: @escaping @Sendable () -> Void, reload: @escaping @Sendable () -> Void) {
        let isReloadRequested = phase.withLock { phase in
            guard case .starting(let isReloadRequested) = phase else { return false }
            phase = .running(stop: stop, reload: reload)
            return isReloadRequested
        }
        if isReloadRequested { reload() }
    }

    private func receive() {
        var end: Deadline?
        while true {
            guard let signal = signals.next(by: end) else {
                // Stopped as requested: what is in hand is done again by the next agent.
                Program.fail(
                    "a part of the agent did not stop within \(Self.stopLimit.components.seconds) s; ended anyway"
                )
                _exit(EXIT_SUCCESS)
            }
            switch signal {
            case SIGCHLD: ChildTable.reapOrphans()
            case SIGHUP: reload()
            default:
                if end == nil { end = .after(Self.stopLimit) }
                stop()
            }
        }
    }

    private func stop() {
        let before = phase.withLock { phase in
            defer { phase = .stopping }
            return phase
        }
        switch before {
        // Nothing has been started that must be stopped.
        case .starting: _exit(EXIT_SUCCESS)
        case .running(let stop, _): stop()
        case .stopping: break
        }
    }

    private func reload() {
        let reload: (@Sendable () -> Void)? = phase.withLock { phase in
            switch phase {
            case .starting:
                phase = .starting(isReloadRequested: true)
                return nil
            case .running(_, let reload): return reload
            case .stopping: return nil
            }
        }
        reload?()
    }
}
