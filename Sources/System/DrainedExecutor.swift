// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// An executor whose jobs run, one at a time and in order, on the thread that drains it.
///
/// A thread that waits in a C library for work drains its own executor once it has some: the async code for that work
/// then runs on the same thread, without a hop between threads.
package final class DrainedExecutor: SerialExecutor, TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var first = 0
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    /// Creates an executor that no thread drains yet.
    package init() {}

    /// Queues a job from any thread.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        available.signal()
    }

    /// Runs jobs on the calling thread, sleeping while there are none, until the condition is true.
    ///
    /// - Parameter isDone: Evaluated before every job; any change of its result must come from a job of this executor
    ///   or be followed by ``wake()``.
    package func drain(until isDone: () -> Bool) {
        while !isDone() {
            available.wait()
            runNext()
        }
    }

    /// Runs the queued jobs and returns when the queue is empty.
    package func drainAvailable(until isDone: () -> Bool) {
        while !isDone(), available.wait(timeout: .now()) == .success { runNext() }
    }

    /// Makes a draining thread evaluate its condition again.
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
