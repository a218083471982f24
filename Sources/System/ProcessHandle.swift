// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
package import Dispatch
import Glibc
import SystemPackage

/// A pidfd of a process: waiting and signalling never affect another process that reuses its number.
package final class ProcessHandle: Sendable {
    /// The process ID.
    package let processID: Int32
    let descriptor: Int32

    /// Opens a handle of a process.
    ///
    /// - Returns: nil if there is no process with this ID.
    package init?(_ processID: Int32) {
        descriptor = steelyard_pidfd_open(processID)
        guard descriptor >= 0 else { return nil }
        self.processID = processID
    }

    deinit { close(descriptor) }

    /// Sends a signal; does nothing if the process has ended.
    package func send(_ signal: Int32) { _ = steelyard_pidfd_send_signal(descriptor, signal) }

    /// Waits for the process's end.
    ///
    /// - Returns: Whether it has ended by then.
    package func waitForEnd(by deadline: Deadline) -> Bool {
        while true {
            var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let count = unsafe poll(&waited, 1, deadline.milliseconds)
            if count >= 0 || errno != EINTR { return count > 0 }
        }
    }

    /// Calls the closure once when the process has ended, on any thread, unless the source is cancelled before.
    package func whenEnded(_ body: @escaping @Sendable () -> Void) -> any DispatchSourceRead {
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor)
        source.setEventHandler {
            // The descriptor stays readable.
            source.cancel()
            body()
        }
        // Until the cancel handler runs, the source may still watch the descriptor, so its number must not be reused.
        source.setCancelHandler { [self] in withExtendedLifetime(self) {} }
        source.activate()
        return source
    }

    /// Returns the start time of a process, in kernel ticks, which with its ID identifies it uniquely.
    ///
    /// - Returns: nil for a process that has ended, even if it is not reaped yet.
    package static func startTime(of processID: Int32) -> UInt64? {
        fields(of: processID).flatMap { UInt64($0[19]) }
    }

    /// Returns the ID of the parent process.
    ///
    /// - Returns: nil for a process that has ended.
    package static func parent(of processID: Int32) -> Int32? { fields(of: processID).flatMap { Int32($0[1]) } }

    /// Returns whether a process is its session's leader, as a process started as a service is.
    package static func leadsSession(_ processID: Int32) -> Bool { fields(of: processID)?[3] == String(processID) }

    /// Returns the children of a process.
    package static func children(of processID: Int32) -> [ProcessHandle] {
        guard let threads = try? AtomicFile.readStream(FilePath("/proc/\(processID)/task/\(processID)/children")) else {
            return []
        }
        return threads.split(separator: UInt8(ascii: " ")).compactMap { number in
            Int32(String(decoding: number, as: UTF8.self)).flatMap(ProcessHandle.init)
        }
    }

    /// Returns whether a process runs the program in this file, even if the file has been replaced since.
    package static func runs(_ program: String, _ processID: Int32) -> Bool {
        guard let running = link("/proc/\(processID)/exe") else { return false }
        // A name is looked up in PATH.
        guard program.contains("/") else { return running.split(separator: "/").last?.hasPrefix(program) ?? false }
        guard let wanted = realPath(program) else { return false }
        return running == wanted || running == wanted + " (deleted)"
    }

    /// Returns the user ID of a process.
    ///
    /// - Returns: nil for a process that has ended.
    package static func user(of processID: Int32) -> UInt32? {
        var information = Glibc.stat()
        return unsafe stat("/proc/\(processID)", &information) == 0 ? information.st_uid : nil
    }

    /// Returns the arguments that a process was started with, including its name.
    ///
    /// - Returns: nil for a process that has ended.
    package static func arguments(of processID: Int32) -> [String]? {
        let line = try? AtomicFile.readStream(FilePath("/proc/\(processID)/cmdline"))
        return line?.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func link(_ path: String) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(path, &target, target.count)
        guard count > 0 else { return nil }
        return String(decoding: target.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// Returns the fields of `/proc/PID/stat` after the program's name.
    private static func fields(of processID: Int32) -> [String]? {
        guard let bytes = try? AtomicFile.readStream(FilePath("/proc/\(processID)/stat")) else { return nil }
        // The program's name, in parentheses, may contain any byte.
        guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, fields[0].first != UInt8(ascii: "Z") else { return nil }
        return fields.map { String(decoding: $0, as: UTF8.self) }
    }
}
