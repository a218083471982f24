// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import DequeModule
import Synchronization

/// Lets one caller through at a time, in the order in which their places were reserved.
///
/// Reserving never waits, so that callers on one executor are served in the order in which they begin. (An actor does
/// not promise that.)
package final class SerialGate: Sendable {
    private struct State {
        var current: Place?
        var waiting: Deque<Place> = []
    }

    private let state = Mutex(State())

    /// Creates a gate.
    package init() {}

    /// Runs the body once all earlier callers have left.
    package func withTurn<Success, Failure: Error>(
        _ body: () async throws(Failure) -> Success
    ) async throws(Failure) -> Success {
        let place = reserve()
        await place.wait()
        defer { place.leave() }
        return try await body()
    }

    /// Whether a caller would have its turn at once.
    var isFree: Bool { state.withLock { $0.current == nil } }

    /// How many callers wait for their turn.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Takes the next place in the order, without waiting for the turn.
    func reserve() -> Place {
        let place = Place(self)
        state.withLock { state in
            if state.current == nil { state.current = place } else { state.waiting.append(place) }
        }
        return place
    }

    private func leave(_ place: Place) {
        let next = state.withLock { state -> Place? in
            guard state.current === place else {
                state.waiting.removeAll { $0 === place }
                return nil
            }
            state.current = state.waiting.popFirst()
            return state.current
        }
        next?.begin()
    }

    /// A caller's place in the order; it must be left in the end.
    final class Place: Sendable {
        private enum Phase {
            case reserved
            case waiting(CheckedContinuation<Bool, Never>)
            case begun
            case over
        }

        private let gate: SerialGate
        private let phase = Mutex(Phase.reserved)

        fileprivate init(_ gate: SerialGate) { self.gate = gate }

        /// Waits for the turn.
        func wait() async { _ = await wait(within: nil) }

        /// Waits for the turn for a limited time.
        ///
        /// - Parameter limit: How long; nil for no limit.
        /// - Returns: Whether it is the caller's turn; false where the place was left instead.
        func wait(within limit: Duration?) async -> Bool {
            if gate.state.withLock({ $0.current === self }) { return true }
            let timer = limit.map { limit in
                Task {
                    try await Task.sleep(for: limit)
                    expire()
                }
            }
            defer { timer?.cancel() }
            return await withCheckedContinuation { continuation in
                let known: Bool? = phase.withLock { phase in
                    switch phase {
                    case .begun: return true
                    case .over: return false
                    case .reserved, .waiting:
                        phase = .waiting(continuation)
                        return nil
                    }
                }
                if let known { continuation.resume(returning: known) }
            }
        }

        /// Lets the next caller in; the second time it does nothing.
        func leave() { end { _ in true } }

        /// Gives the place up, unless its turn has begun.
        private func expire() {
            end { phase in
                if case .begun = phase { false } else { true }
            }
        }

        /// Ends the wait, because the turn has come.
        fileprivate func begin() {
            let continuation = phase.withLock { phase -> CheckedContinuation<Bool, Never>? in
                switch phase {
                case .waiting(let continuation):
                    phase = .begun
                    return continuation
                case .reserved, .begun:
                    phase = .begun
                    return nil
                case .over: return nil
                }
            }
            continuation?.resume(returning: true)
        }

        private func end(where isAllowed: (Phase) -> Bool) {
            let last = phase.withLock { phase -> Phase? in
                if case .over = phase { return nil }
                guard isAllowed(phase) else { return nil }
                defer { phase = .over }
                return phase
            }
            guard let last else { return }
            gate.leave(self)
            if case .waiting(let continuation) = last { continuation.resume(returning: false) }
        }
    }

    /// A turn; it ends at the latest when it is released, so that none can be forgotten.
    final class Turn: Sendable {
        private let place: Place

        fileprivate init(_ place: Place) { self.place = place }

        deinit { place.leave() }

        /// Lets the next caller in; the second time it does nothing.
        func end() { place.leave() }
    }

    /// Waits for a turn for a limited time.
    ///
    /// - Returns: nil where the time is over.
    func turn(within limit: Duration) async -> Turn? {
        let place = reserve()
        return await place.wait(within: limit) ? Turn(place) : nil
    }
}
