// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// An executor with its own thread, on which a store may block, like the archiver's.
package final class BlockingExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "blocking")

    /// Creates an executor; its thread ends with it.
    package init() {}

    /// Queues a job from any thread.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
