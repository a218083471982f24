// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// An executor with a dedicated thread, for an actor that makes blocking calls.
package final class ThreadExecutor: SerialExecutor, TaskExecutor {
    private let jobs: DrainedExecutor
    private let lifetime: Lifetime

    private final class Lifetime: Sendable {
        private let jobs: DrainedExecutor
        private let isOver = Atomic(false)

        init(jobs: DrainedExecutor) { self.jobs = jobs }

        var ended: Bool { isOver.load(ordering: .acquiring) }

        func end() {
            isOver.store(true, ordering: .releasing)
            jobs.wake()
        }
    }

    /// Starts the thread; it ends when the executor is released.
    ///
    /// - Throws: `ThreadError` if the system cannot create a thread.
    package init(name: String) throws(ThreadError) {
        let jobs = DrainedExecutor()
        let lifetime = Lifetime(jobs: jobs)
        try DedicatedThread.start(name: name) { jobs.drain { lifetime.ended } }
        self.jobs = jobs
        self.lifetime = lifetime
    }

    deinit { lifetime.end() }

    /// Queues a job from any thread.
    package func enqueue(_ job: consuming ExecutorJob) { jobs.enqueue(job) }

    /// Jobs run on the inner executor, so they are isolated to that one.
    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe jobs.asUnownedSerialExecutor() }
}
