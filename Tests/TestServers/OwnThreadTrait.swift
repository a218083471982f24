// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
package import Testing

/// Runs each test case on a thread of its own.
///
/// Tests that compute for seconds would hold the threads that all tests share, as many as there are cores: the others would
/// meet deadlines that they have never seen approach.
package struct OwnThreadTrait: TestTrait, SuiteTrait, TestScoping {
    private final class Executor: TaskExecutor {
        private let queue = DispatchQueue(label: "test")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(Executor()) { try await function() }
    }
}

extension Trait where Self == OwnThreadTrait {
    /// Keeps a test that computes for long from the threads of the others.
    package static var ownThread: Self { Self() }
}
