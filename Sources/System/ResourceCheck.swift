// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Dispatch
import Glibc

/// Checks at startup whether the limits on this process leave enough resources for the agent.
///
/// Otherwise the runtime would retry without end, and without a message, to start a thread, or would trap.
package enum ResourceCheck {
    /// The address space for buffers and HAProxy's responses, in addition to the threads' stacks.
    private static let heap = 24 << 20
    /// The files, sockets and pipes of an agent without a job.
    private static let descriptors = 32

    /// - Throws: `SystemFailure` if a limit is too low.
    package static func requireEnough() throws(SystemFailure) {
        guard DescriptorLimit.current >= descriptors else {
            throw SystemFailure(
                "limit of \(DescriptorLimit.current) file descriptors is too low: the agent needs at least "
                    + "\(descriptors); raise it (ulimit -n, LimitNOFILE)"
            )
        }
        var space = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &space) == 0, space.rlim_cur != rlim_t.max {
            // Two threads' heaps would use the memory that the runtime needs for the next thread.
            steelyard_limit_heaps(1)
        }
        // The runtime has one thread per core, and some more for events; the agent adds its own.
        try requireThreads(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) + 6)
    }

    private static func requireThreads(_ count: Int) throws(SystemFailure) {
        let gate = Gate()
        var started = 0
        defer {
            for _ in 0..<started { gate.end.signal() }
            for _ in 0..<started { gate.ended.wait() }
        }
        for _ in 0..<count {
            // With the default stack size, like the runtime's threads.
            var thread = pthread_t()
            let context = unsafe Unmanaged.passRetained(gate)
            let code = unsafe pthread_create(
                &thread,
                nil,
                { context in
                    guard let context = unsafe context else { return nil }
                    let gate = unsafe Unmanaged<Gate>.fromOpaque(context).takeRetainedValue()
                    gate.end.wait()
                    gate.ended.signal()
                    return nil
                },
                context.toOpaque()
            )
            guard code == 0 else {
                unsafe context.release()
                throw SystemFailure(
                    "cannot start the \(count) threads that the agent needs; raise its address space (ulimit -v, "
                        + "LimitAS) or its task limit (ulimit -u, TasksMax)"
                )
            }
            pthread_detach(thread)
            started += 1
        }
        try requireAddressSpace()
    }

    private static func requireAddressSpace() throws(SystemFailure) {
        let block = unsafe mmap(nil, heap, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let block = unsafe block, unsafe block != MAP_FAILED else {
            throw SystemFailure(
                "address space too small: the agent needs \(heap >> 20) MB more; raise its limit (ulimit -v, LimitAS)"
            )
        }
        unsafe munmap(block, heap)
    }

    /// Blocks the threads until all of them have been started.
    private final class Gate: Sendable {
        let end = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
    }
}
