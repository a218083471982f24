// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization
package import SystemPackage

/// An executor for one thread that waits for a socket and runs async code.
///
/// The thread calls ``runJobs()`` and ``wait(for:events:until:)`` in turn. Async code that prefers this executor, and
/// actors that name it, run on that thread only: work that never suspends costs no hop between threads.
package final class EventLoop: SerialExecutor, TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isWaiting = false
    }

    private let state = Mutex(State())
    private let thread = Atomic<UInt>(0)
    /// An eventfd: readable if the waiting thread must run jobs.
    private let wakeup: Int32

    /// Creates a loop that no thread runs yet.
    ///
    /// - Throws: `Errno` if no descriptor is available.
    package init() throws(Errno) {
        wakeup = steelyard_eventfd()
        guard wakeup >= 0 else { throw Errno(rawValue: errno) }
    }

    deinit { close(wakeup) }

    /// Makes the calling thread the loop's thread; call before its first ``runJobs()``.
    package func attach() { thread.store(UInt(pthread_self()), ordering: .releasing) }

    /// Queues a job from any thread.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isWaiting = state.withLock { state in
            state.jobs.append(job)
            defer { state.isWaiting = false }
            return state.isWaiting
        }
        if isWaiting { signal() }
    }

    /// Ends the current or the next wait early.
    package func wake() { signal() }

    /// Runs the queued jobs, and those that they enqueue, until none is left.
    package func runJobs() {
        while true {
            let jobs = state.withLock { state in
                let jobs = state.jobs
                state.jobs = []
                return jobs
            }
            guard !jobs.isEmpty else { return }
            for job in jobs {
                unsafe job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(),
                    taskExecutor: asUnownedTaskExecutor()
                )
            }
        }
    }

    /// A descriptor to wait for.
    package struct Interest: Sendable {
        let descriptor: Int32
        let events: Int16

        /// Creates an interest.
        ///
        /// - Parameters:
        ///   - descriptor: The descriptor; nil for none.
        ///   - events: `POLLIN`, `POLLOUT`, or both.
        package init(_ descriptor: Int32?, _ events: Int16) {
            self.descriptor = descriptor ?? -1
            self.events = events
        }
    }

    /// Waits until the descriptor is ready, a job is enqueued, ``wake()`` is called, or the deadline has passed.
    ///
    /// - Parameters:
    ///   - descriptor: The descriptor to wait for; nil for none.
    ///   - events: `POLLIN`, `POLLOUT`, or both.
    ///   - deadline: nil for no limit.
    /// - Returns: The descriptor's events from `poll`; 0 if it is not ready.
    package func wait(for descriptor: Int32?, events: Int16, until deadline: ContinuousClock.Instant?) -> Int16 {
        wait(for: CollectionOfOne(Interest(descriptor, events)), until: deadline).first ?? 0
    }

    /// Waits until a descriptor is ready, a job is enqueued, ``wake()`` is called, or the deadline has passed.
    ///
    /// - Parameters:
    ///   - interests: The descriptors to wait for.
    ///   - deadline: nil for no limit.
    /// - Returns: The events of each descriptor from `poll`; 0 if it is not ready.
    package func wait(for interests: some Collection<Interest>, until deadline: ContinuousClock.Instant?) -> [Int16] {
        let isIdle = state.withLock { state in
            state.isWaiting = state.jobs.isEmpty
            return state.isWaiting
        }
        var entries = [pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0)]
        for interest in interests {
            entries.append(pollfd(fd: interest.descriptor, events: interest.events, revents: 0))
        }
        let timeout = isIdle ? Self.milliseconds(until: deadline) : 0
        let count = unsafe poll(&entries, nfds_t(entries.count), timeout)
        state.withLock { $0.isWaiting = false }
        guard count > 0 else { return interests.map { _ in 0 } }
        if entries[0].revents != 0 {
            var value: UInt64 = 0
            _ = unsafe read(wakeup, &value, MemoryLayout<UInt64>.size)
        }
        return entries.dropFirst().map(\.revents)
    }

    /// Lets the loop's own thread enter actors outside of a job.
    package func checkIsolated() {
        precondition(thread.load(ordering: .acquiring) == UInt(pthread_self()), "not on the event loop's thread")
    }

    private func signal() {
        var one: UInt64 = 1
        _ = unsafe write(wakeup, &one, MemoryLayout<UInt64>.size)
    }

    /// Returns the time until a deadline, for `poll`; -1 for no deadline.
    static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
        guard let deadline else { return -1 }
        let left = deadline - ContinuousClock.now
        guard left > .zero else { return 0 }
        // Rounded up: a wait that ends too early would have to be repeated at once.
        return Int32(clamping: Int(min(left, .seconds(3600)) / .milliseconds(1)) + 1)
    }
}
