// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// A value shared by threads that wait for it to change: each change wakes all waiting threads.
///
/// For threads that may block only.
final class BlockingCondition<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var waiting: [DispatchSemaphore] = []
    }

    private let state: Mutex<State>

    init(_ value: Value) { state = Mutex(State(value: value)) }

    /// Returns the result of a closure that reads the value.
    func read<Result: Sendable>(_ body: (Value) -> Result) -> Result { state.withLock { body($0.value) } }

    /// Changes the value and wakes all waiting threads.
    func change<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        let (result, waiting) = state.withLock { state in
            defer { state.waiting = [] }
            return (body(&state.value), state.waiting)
        }
        for semaphore in waiting { semaphore.signal() }
        return result
    }

    /// Blocks until the closure returns a result; the closure may change the value, which wakes the other threads.
    ///
    /// - Parameter limit: The longest wait, on the monotonic clock; nil for no limit.
    /// - Returns: nil if the wait reached the limit.
    func wait<Result: Sendable>(atMost limit: Duration? = nil, for body: (inout Value) -> Result?) -> Result? {
        let end = limit.map { DispatchTime.now() + .milliseconds(Int($0 / .milliseconds(1))) }
        let semaphore = DispatchSemaphore(value: 0)
        // On Linux, the time-out of a semaphore is a time of day.
        var alarm: DispatchWorkItem?
        defer { alarm?.cancel() }
        while true {
            let (result, waiting) = state.withLock { state -> (Result?, [DispatchSemaphore]) in
                guard let result = body(&state.value) else {
                    state.waiting.append(semaphore)
                    return (nil, [])
                }
                defer { state.waiting = [] }
                return (result, state.waiting)
            }
            for other in waiting { other.signal() }
            if let result { return result }
            if let end, end <= .now() {
                state.withLock { state in state.waiting.removeAll { $0 === semaphore } }
                return nil
            }
            if let end, alarm == nil {
                let item = DispatchWorkItem { semaphore.signal() }
                DispatchQueue.global().asyncAfter(deadline: end, execute: item)
                alarm = item
            }
            semaphore.wait()
        }
    }
}
