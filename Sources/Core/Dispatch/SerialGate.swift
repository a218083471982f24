// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import DequeModule
import Synchronization

/// A FIFO queue that admits one caller at a time, in the order of reservation.
///
/// Reserving never suspends, so callers on one executor are admitted in the order in which they start. (An actor does
/// not guarantee that.)
package final class SerialGate: Sendable {
    private struct State {
        var current: Place?
        var waiting: Deque<Place> = []
    }

    private let state = Mutex(State())

    /// Creates a gate.
    package init() {}

    /// Runs the body after all earlier callers have left.
    package func withTurn<Success, Failure: Error>(
        _ body: () async throws(Failure) -> Success
    ) async throws(Failure) -> Success {
        let place = reserve()
        await place.wait()
        defer { place.leave() }
        return try await body()
    }

    /// Takes a place in the order, prepares at once, and runs the body once all earlier callers have left.
    ///
    /// What is prepared by callers that come one after another is used in the same order.
    package func withTurn<Prepared, Success, Failure: Error>(
        preparing: () async throws(Failure) -> Prepared,
        _ body: (Prepared) async throws(Failure) -> Success
    ) async throws(Failure) -> Success {
        let place = reserve()
        defer { place.leave() }
        let prepared = try await preparing()
        await place.wait()
        return try await body(prepared)
    }

    /// Whether a caller would be admitted immediately.
    var isFree: Bool { state.withLock { $0.current == nil } }

    /// The number of waiting callers.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Reserves the next place in the queue, without waiting for the turn.
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

    /// A caller's place in the queue; it must be left at the end.
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

        /// Waits for the turn, up to a timeout.
        ///
        /// - Parameter limit: The timeout; nil for none.
        /// - Returns: Whether it is the caller's turn; false if the place was left instead.
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

        /// Admits the next caller; further calls do nothing.
        func leave() { end { _ in true } }

        /// Leaves the place, unless its turn has started.
        private func expire() {
            end { phase in
                if case .begun = phase { false } else { true }
            }
        }

        /// Starts the turn.
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

    /// A turn; it ends at the latest when it is released.
    final class Turn: Sendable {
        private let place: Place

        fileprivate init(_ place: Place) { self.place = place }

        deinit { place.leave() }

        /// Admits the next caller; further calls do nothing.
        func end() { place.leave() }
    }

    /// Waits for a turn, up to a timeout.
    ///
    /// - Returns: nil on timeout.
    func turn(within limit: Duration) async -> Turn? {
        let place = reserve()
        return await place.wait(within: limit) ? Turn(place) : nil
    }
}
