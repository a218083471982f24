// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// The service manager that started this process, if any: systemd, or another one with its protocol (sd_notify(3),
/// sd_listen_fds(3)).
///
/// No call blocks for long or fails: without a service manager, or with one that does not read, calls have no effect.
package final class ServiceManager: Sendable {
    /// The watchdog interval of the service manager; nil without a watchdog.
    package let watchdogInterval: Duration?
    /// The value of JOURNAL_STREAM, which identifies the file that the journal reads.
    package let journalStream: String?

    private let socket: NotificationSocket?
    private let inherited: Mutex<[(name: String, descriptor: Int32)]>
    private let isReady = Atomic(false)

    package init(
        socketPath: String?,
        watchdogInterval: Duration? = nil,
        journalStream: String? = nil,
        inherited: [(name: String, descriptor: Int32)] = []
    ) {
        socket = socketPath.flatMap { NotificationSocket($0) }
        self.watchdogInterval = watchdogInterval
        self.journalStream = journalStream
        self.inherited = Mutex(inherited)
    }

    /// No service manager.
    package static let none = ServiceManager(socketPath: nil)

    /// Reads and removes the service manager's environment variables, so that children do not inherit them.
    ///
    /// Must run while the process has a single thread.
    package static func takeFromEnvironment() -> ServiceManager {
        func take(_ name: String) -> String? {
            guard let value = unsafe getenv(name) else { return nil }
            defer { unsafe unsetenv(name) }
            return unsafe String(cString: value)
        }
        func isForThisProcess(_ processID: String?) -> Bool { processID.map { Int32($0) == getpid() } ?? true }
        let path = take("NOTIFY_SOCKET")
        let (interval, watched) = (take("WATCHDOG_USEC").flatMap { Int64($0) }, take("WATCHDOG_PID"))
        let (count, listener, names) = (
            take("LISTEN_FDS").flatMap { Int32($0) }, take("LISTEN_PID"), take("LISTEN_FDNAMES")
        )
        var inherited: [(name: String, descriptor: Int32)] = []
        if let count, listener != nil, isForThisProcess(listener) {
            let names = (names ?? "").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            for index in 0..<max(0, min(count, 4096)) {
                let descriptor = 3 + index
                guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { continue }
                inherited.append((Int(index) < names.count ? names[Int(index)] : "unknown", descriptor))
            }
        }
        return ServiceManager(
            socketPath: path,
            watchdogInterval: isForThisProcess(watched)
                ? interval.flatMap { $0 > 0 ? .microseconds($0) : nil } : nil,
            journalStream: unsafe getenv("JOURNAL_STREAM").map { unsafe String(cString: $0) },
            inherited: inherited
        )
    }

    // MARK: - The state of the service

    /// Reports that the service has started.
    package func reportReady(status: String) {
        isReady.store(true, ordering: .releasing)
        send(["READY=1", "STATUS=\(status)"])
    }

    /// Reports the state of the service as text for operators.
    package func report(status: String) { send(["STATUS=\(status)"]) }

    /// Reports that the service is reloading its configuration; ``reportReloaded(status:)`` follows.
    package func reportReloading() {
        guard isReady.load(ordering: .acquiring) else { return }
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        let microseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
        send(["RELOADING=1", "MONOTONIC_USEC=\(microseconds)"])
    }

    /// Reports the end of a reload, successful or not.
    package func reportReloaded(status: String) {
        // A reload does not make a starting service ready.
        if isReady.load(ordering: .acquiring) { send(["READY=1", "STATUS=\(status)"]) }
    }

    /// Reports that the service is stopping.
    package func reportStopping() { send(["STOPPING=1", "STATUS=stopping"]) }

    /// Sends the watchdog's keep-alive.
    package func reportAlive() { send(["WATCHDOG=1"]) }

    // MARK: - Descriptors that outlive the process

    /// Whether the service manager can store descriptors.
    package var keepsDescriptors: Bool { socket != nil }

    /// Stores a descriptor in the service manager for the next process of this service.
    ///
    /// - Parameter name: At most 255 characters of visible ASCII without a colon.
    package func keep(_ descriptor: Int32, as name: String) {
        send(["FDSTORE=1", "FDNAME=\(name)"], with: descriptor)
    }

    /// Removes a stored descriptor from the service manager.
    package func discard(_ name: String) { send(["FDSTOREREMOVE=1", "FDNAME=\(name)"]) }

    /// Returns the descriptors that an earlier process of this service stored, each once; the caller owns them.
    package func takeDescriptors(named prefix: String) -> [(name: String, descriptor: Int32)] {
        inherited.withLock { inherited in
            let taken = inherited.filter { $0.name.hasPrefix(prefix) }
            inherited.removeAll { $0.name.hasPrefix(prefix) }
            return taken
        }
    }

    /// Closes the inherited stored descriptors that this process does not use.
    package func discardRemaining() {
        for (name, descriptor) in takeDescriptors(named: "") {
            close(descriptor)
            discard(name)
        }
    }

    private func send(_ assignments: [String], with descriptor: Int32 = -1) {
        socket?.send(assignments.joined(separator: "\n"), with: descriptor)
    }
}
