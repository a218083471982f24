// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// Follows nginx's error log during a reload: the only place where nginx reports the result.
final class ReloadLog {
    private let file: Int32
    private let changes: Int32
    private var rest: [UInt8] = []

    /// Starts at the end of the log.
    ///
    /// - Throws: `DriverError` with the code `unavailable` if the log cannot be read.
    init(_ path: String) throws(DriverError) {
        file = open(path, O_RDONLY | O_CLOEXEC)
        changes = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard file >= 0, changes >= 0, inotify_add_watch(changes, path, UInt32(IN_MODIFY)) >= 0 else {
            throw DriverError(.unavailable, "\(path) cannot be read: \(SystemError.text(errno))")
        }
        lseek(file, 0, SEEK_END)
    }

    deinit {
        close(file)
        close(changes)
    }

    /// Waits until the master has started new workers and no old worker accepts connections.
    ///
    /// - Throws: `DriverError` with the code `rejected` and nginx's message, or `timedOut`.
    func waitForReload(
        by master: pid_t,
        replacing oldWorkers: Set<pid_t>,
        until deadline: ContinuousClock.Instant
    ) throws(DriverError) {
        var accepting = oldWorkers
        var hasStarted = false
        var bindFailure: String?
        while true {
            for entry in readEntries() {
                switch (entry.process == master, entry.text) {
                case (true, "start worker processes"): hasStarted = true
                // nginx tries to listen five times before it fails with another message.
                case (true, let text) where text.hasPrefix("bind() to "): bindFailure = bindFailure ?? text
                case (true, let text) where entry.isFatal: throw DriverError(.rejected, bindFailure ?? text)
                case (true, let text) where text.hasPrefix("worker process "):
                    accepting.remove(text.split(separator: " ").dropFirst(2).first.flatMap { pid_t($0) } ?? 0)
                // The worker accepts no connection after this line.
                case (false, "gracefully shutting down"): accepting.remove(entry.process)
                default: break
                }
            }
            if hasStarted, accepting.isEmpty { return }
            try waitForChange(until: deadline)
        }
    }

    private func waitForChange(until deadline: ContinuousClock.Instant) throws(DriverError) {
        var entry = pollfd(fd: changes, events: Int16(POLLIN), revents: 0)
        let result = poll(&entry, 1, deadline.millisecondsLeft)
        guard result != 0 else { throw DriverError(.timedOut, "nginx did not finish reloading in time") }
        var events = [UInt8](repeating: 0, count: 4096)
        while read(changes, &events, events.count) > 0 {}
    }

    private func readEntries() -> [Entry] {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count > 0 else { break }
            rest += buffer[..<count]
        }
        guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        defer { rest.removeSubrange(...end) }
        return rest[..<end].split(separator: UInt8(ascii: "\n")).compactMap {
            Entry(String(decoding: $0, as: UTF8.self))
        }
    }

    /// A line such as `2026/11/26 06:32:46 [notice] 9818#9818: gracefully shutting down`.
    private struct Entry {
        let process: pid_t
        let isFatal: Bool
        let text: String

        init?(_ line: String) {
            let words = line.split(separator: " ", maxSplits: 4)
            guard words.count == 5, let process = words[3].split(separator: "#").first.flatMap({ pid_t($0) }) else {
                return nil
            }
            self.process = process
            isFatal = ["[emerg]", "[alert]", "[crit]"].contains(words[2])
            text = String(words[4])
        }
    }
}
