// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// An executor whose jobs run on whichever thread drains it, one at a time, in order.
///
/// A thread that waits in a C library for work drains its own executor once it has some: the async code that the work
/// needs then runs right there, and not a single hop between threads is paid.
package final class DrainedExecutor: SerialExecutor, TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var first = 0
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    /// Creates an executor that nobody drains yet.
    package init() {}

    /// Takes a job from any thread.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        available.signal()
    }

    /// Runs jobs on the calling thread, sleeping where there are none, until the condition holds.
    ///
    /// - Parameter isDone: Asked before every job; what makes it true must be done by a job of this executor, or be
    ///   followed by ``wake()``.
    package func drain(until isDone: () -> Bool) {
        while !isDone() {
            available.wait()
            runNext()
        }
    }

    /// Runs the jobs that are there, and returns where there is none.
    package func drainAvailable(until isDone: () -> Bool) {
        while !isDone(), available.wait(timeout: .now()) == .success { runNext() }
    }

    /// Has a draining thread ask its condition again.
    package func wake() { available.signal() }

    private func runNext() {
        let job = state.withLock { state -> UnownedJob? in
            guard state.first < state.jobs.count else { return nil }
            defer {
                state.first += 1
                if state.first == state.jobs.count {
                    state.jobs.removeAll(keepingCapacity: true)
                    state.first = 0
                }
            }
            return state.jobs[state.first]
        }
        unsafe job?.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }
}
