// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
package import Dispatch
import Glibc
import SystemPackage

/// A process, held so that it can be waited for and signalled without ever meeting another of the same number.
package final class ProcessHandle: Sendable {
    /// The process's number.
    package let processID: Int32
    let descriptor: Int32

    /// Takes hold of a process.
    ///
    /// - Returns: nil where there is none of that number.
    package init?(_ processID: Int32) {
        descriptor = steelyard_pidfd_open(processID)
        guard descriptor >= 0 else { return nil }
        self.processID = processID
    }

    deinit { close(descriptor) }

    /// Sends a signal; a process that has ended gets none.
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

    /// Calls back once when the process has ended, on some thread, unless the source is cancelled before.
    package func whenEnded(_ body: @escaping @Sendable () -> Void) -> any DispatchSourceRead {
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor)
        source.setEventHandler {
            // The descriptor stays readable.
            source.cancel()
            body()
        }
        // Until this is called, the source may still watch the descriptor, which must not be another's by then.
        source.setCancelHandler { [self] in withExtendedLifetime(self) {} }
        source.activate()
        return source
    }

    /// When the process was started, in the kernel's ticks: with its number, this names it for ever.
    ///
    /// - Returns: nil for one that has ended, also where nobody has taken note of it.
    package static func startTime(of processID: Int32) -> UInt64? {
        fields(of: processID).flatMap { UInt64($0[19]) }
    }

    /// The number of the process that a process is a child of.
    ///
    /// - Returns: nil for one that has ended.
    package static func parent(of processID: Int32) -> Int32? { fields(of: processID).flatMap { Int32($0[1]) } }

    /// Whether a process is the first of its session, as one that was started as a service is.
    package static func leadsSession(_ processID: Int32) -> Bool { fields(of: processID)?[3] == String(processID) }

    /// The processes that a process is the parent of.
    package static func children(of processID: Int32) -> [ProcessHandle] {
        guard let threads = try? AtomicFile.readStream(FilePath("/proc/\(processID)/task/\(processID)/children")) else {
            return []
        }
        return threads.split(separator: UInt8(ascii: " ")).compactMap { number in
            Int32(String(decoding: number, as: UTF8.self)).flatMap(ProcessHandle.init)
        }
    }

    /// Whether a process runs the program of this file, which may have been replaced since.
    package static func runs(_ program: String, _ processID: Int32) -> Bool {
        guard let running = link("/proc/\(processID)/exe") else { return false }
        // A name is looked for in PATH.
        guard program.contains("/") else { return running.split(separator: "/").last?.hasPrefix(program) ?? false }
        guard let wanted = realPath(program) else { return false }
        return running == wanted || running == wanted + " (deleted)"
    }

    /// The user that a process runs as.
    ///
    /// - Returns: nil for one that has ended.
    package static func user(of processID: Int32) -> UInt32? {
        var information = Glibc.stat()
        return unsafe stat("/proc/\(processID)", &information) == 0 ? information.st_uid : nil
    }

    /// The arguments that a process was started with, its name included.
    ///
    /// - Returns: nil for one that has ended.
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

    /// What `/proc` says behind the program's name.
    private static func fields(of processID: Int32) -> [String]? {
        guard let bytes = try? AtomicFile.readStream(FilePath("/proc/\(processID)/stat")) else { return nil }
        // The program's name, in parentheses, may hold anything.
        guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, fields[0].first != UInt8(ascii: "Z") else { return nil }
        return fields.map { String(decoding: $0, as: UTF8.self) }
    }
}
