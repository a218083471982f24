// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import Synchronization

/// Receives a worker's signals on its own thread.
///
/// SIGTERM and SIGINT stop the agent in order at any time; SIGHUP reloads the configuration.
final class SignalReceiver: Sendable {
    private enum Phase {
        case starting(isReloadRequested: Bool)
        case running(stop: @Sendable () -> Void, reload: @Sendable () -> Void)
        case stopping
    }

    /// After this, the process exits anyway: more than the timeout of running jobs, and less than systemd's.
    private static let stopLimit = Duration.seconds(28)

    private let signals: CaughtSignals
    private let phase = Mutex(Phase.starting(isReloadRequested: false))

    /// Starts the thread; until ``run(stop:reload:)``, a stop signal ends the process immediately, with the code 0.
    ///
    /// - Throws: `ThreadError`.
    init(_ signals: CaughtSignals) throws(ThreadError) {
        self.signals = signals
        try DedicatedThread.start(name: "signals") { [self] in receive() }
    }

    /// Uses these closures from now on: `stop` once, `reload` for each SIGHUP until then.
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
                // Stopped as requested: the next agent repeats the unfinished jobs.
                Program.fail(
                    "a part of the agent did not stop within \(Self.stopLimit.components.seconds) s; exiting"
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
        // Nothing to stop has been started yet.
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
