// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A thread for blocking calls, which must not run on Swift's cooperative pool.
package enum DedicatedThread {
    /// Small enough for dozens of threads, large enough for libcurl and OpenSSL.
    private static let stackSize = 512 << 10

    /// Starts a detached thread with all signals blocked, so that signals reach the threads that wait for them.
    ///
    /// - Parameters:
    ///   - name: The name in tools such as `top -H`, cut to 15 bytes.
    ///   - body: The work of the thread, which ends with it.
    /// - Throws: `ThreadError` if the system cannot create a thread.
    package static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(ThreadError) {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, stackSize)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))

        var thread = pthread_t()
        let start = unsafe Unmanaged.passRetained(ThreadStart(name: name, body: body))
        let code = unsafe pthread_create(
            &thread,
            &attributes,
            { context in
                // Balances the retain above.
                guard let context = unsafe context else { return nil }
                let start = unsafe Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
                var all = sigset_t()
                unsafe sigfillset(&all)
                unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
                nameThisThread(String(start.name.prefix(15)))
                start.body()
                return nil
            },
            start.toOpaque()
        )
        guard code == 0 else {
            unsafe start.release()
            throw ThreadError(code: code)
        }
    }

    /// Runs a blocking call on a dedicated thread.
    ///
    /// - Throws: `ThreadError` if the system cannot create a thread.
    package static func run<Success: Sendable>(
        name: String,
        _ body: @escaping @Sendable () -> Success
    ) async throws(ThreadError) -> Success {
        let result: Result<Success, ThreadError> = await withCheckedContinuation { continuation in
            do throws(ThreadError) {
                try start(name: name) { continuation.resume(returning: .success(body())) }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }
}

private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func nameThisThread(_ name: String) {
    // The only way to name a thread from Swift: pthread_setname_np needs _GNU_SOURCE.
    let path = "/proc/thread-self/comm"
    let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var bytes = Array(name.utf8)
    _ = unsafe write(descriptor, &bytes, bytes.count)
}

/// The error of a thread that could not be started.
package struct ThreadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The value of errno.
    package let code: Int32

    /// The cause and the remedy.
    package var description: String {
        "cannot start a thread (\(unsafe String(cString: strerror(code)))); raise the agent's TasksMax"
    }
}
