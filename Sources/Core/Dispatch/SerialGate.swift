// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets one caller through at a time, in the order in which they came.
///
/// A caller's place is taken before it first waits, so that callers that begin in order on one executor go through in
/// that order. (An actor gives no such promise.)
public final class SerialGate: Sendable {
    private struct State {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var first = 0
    }

    private let state = Mutex(State())

    /// Creates a gate.
    public init() {}

    /// Runs the body when all who came before have left.
    public func withTurn<Success, Failure: Error>(
        _ body: () async throws(Failure) -> Success
    ) async throws(Failure) -> Success {
        await enter()
        defer { leave() }
        return try await body()
    }

    /// Takes a turn that lasts until it is ended, or what is returned is let go.
    func turn() async -> Turn {
        await enter()
        return Turn(self)
    }

    /// A turn; it ends at the latest when nobody refers to it any more, so that none can be forgotten.
    final class Turn: Sendable {
        private let gate: SerialGate
        private let isOver = Atomic(false)

        fileprivate init(_ gate: SerialGate) { self.gate = gate }

        deinit { end() }

        /// Lets the next one in; the second time it does nothing.
        func end() {
            if !isOver.exchange(true, ordering: .acquiringAndReleasing) { gate.leave() }
        }
    }

    private func enter() async {
        let isFree = state.withLock { state in
            defer { state.isTaken = true }
            return !state.isTaken
        }
        if isFree { return }
        await withCheckedContinuation { continuation in
            // Between the two locks the gate may have become free.
            let isFree = state.withLock { state in
                if state.isTaken { state.waiting.append(continuation) }
                defer { state.isTaken = true }
                return !state.isTaken
            }
            if isFree { continuation.resume() }
        }
    }

    fileprivate func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.first < state.waiting.count else {
                state = State()
                return nil
            }
            state.first += 1
            let next = state.waiting[state.first - 1]
            if state.first > 64, state.first * 2 > state.waiting.count {
                state.waiting.removeFirst(state.first)
                state.first = 0
            }
            return next
        }
        next?.resume()
    }
}
