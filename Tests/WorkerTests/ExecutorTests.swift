// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardSystem
import Synchronization
import Testing

/// The executors for C libraries' threads and blocking actors.
@Suite struct ExecutorTests {
    private actor Counter {
        private let executor: ThreadExecutor
        private var count = 0

        init(executor: ThreadExecutor) { self.executor = executor }

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func increment() async -> Int {
            let before = count
            // A suspension here would let another call in.
            assertIsolated()
            count = before + 1
            return count
        }
    }

    @Test func actorOnItsThread() async throws {
        let counter = Counter(executor: try ThreadExecutor(name: "test"))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<1000 { _ = await counter.increment() } }
            }
        }
        #expect(await counter.increment() == 8001)
    }

    /// The draining thread runs all parts of an async call; other threads wake it.
    @Test func drains() async throws {
        let sum = try await DedicatedThread.run(name: "drain") {
            let executor = DrainedExecutor()
            let result = Mutex(0)
            let isDone = Atomic(false)
            Task(executorPreference: executor) {
                for number in 1...100 {
                    await Task.yield()
                    if number % 10 == 0 { try? await Task.sleep(for: .milliseconds(1)) }
                    result.withLock { $0 += number }
                }
                isDone.store(true, ordering: .releasing)
            }
            executor.drainAvailable { isDone.load(ordering: .acquiring) }
            executor.drain { isDone.load(ordering: .acquiring) }
            return result.withLock { $0 }
        }
        #expect(sum == 5050)
    }

    @Test func wakes() async throws {
        let executor = DrainedExecutor()
        let isDone = Atomic(false)
        let woken = Task {
            try await DedicatedThread.run(name: "drain") { executor.drain { isDone.load(ordering: .acquiring) } }
        }
        try await Task.sleep(for: .milliseconds(20))
        isDone.store(true, ordering: .releasing)
        executor.wake()
        try await woken.value
    }
}
