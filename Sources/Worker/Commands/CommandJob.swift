// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import Synchronization
import UnixSignals

/// The job of a command that does the agent's work in its own process, with a progress bar on the terminal.
final class CommandJob: JobContext {
    private struct State {
        var bar = ProgressBar()
        var shown: ContinuousClock.Instant?
        var isCancelled = false
    }

    private static let interval = Duration.milliseconds(100)

    let handle = "command line"
    let cancellationMessage = "interrupted; run the command again"
    private let state = Mutex(State())

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func report(progress: UInt64, of total: UInt64) {
        state.withLock { state in
            let now = ContinuousClock.now
            if let shown = state.shown, now - shown < Self.interval { return }
            state.shown = now
            state.bar.show(progress, of: total, isInBytes: true)
        }
    }

    func cancel() { state.withLock { $0.isCancelled = true } }

    /// Removes the progress bar.
    func end() { state.withLock { $0.bar.clear() } }

    /// Runs a body that SIGINT and SIGTERM cancel, so that no partial object remains.
    ///
    /// A second signal ends the process immediately.
    func untilSignal<Success: Sendable>(
        _ body: @escaping @Sendable () async throws -> Success
    ) async throws -> Success {
        let work = Task { try await body() }
        let signals = Task {
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                guard !isCancelled else { _exit(130) }
                cancel()
                work.cancel()
            }
        }
        defer { signals.cancel() }
        return try await work.value
    }
}
