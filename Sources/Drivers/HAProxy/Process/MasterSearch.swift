// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import SystemPackage

/// Finds the masters of this device's HAProxy in /proc.
///
/// A command line is no proof: every local user can start a program with the same arguments. The user and the
/// executable are, or, if a script has another executable, the socket: it keeps its name after its file is removed. A
/// master that re-executes itself has no socket for some 60 ms.
enum MasterSearch {
    /// Returns the masters that run as this user or root.
    static func masters(_ files: DeviceFiles) -> [ProcessHandle] {
        let socket = files.masterSocket
        let inodes = boundInodes(socket)
        func isHolder(_ processID: Int32) -> Bool {
            guard isStarted(processID, with: socket), isOurs(processID) else { return false }
            // A worker whose master was killed ends soon. It is not a session leader.
            return ProcessHandle.leadsSession(processID) && ProcessHandle.runs(files.binary.string, processID)
                || has(inodes, processID)
        }
        var holders: [Int32: ProcessHandle] = [:]
        for processID in processes() where isHolder(processID) {
            // Checked again with the handle open: the process ID cannot have been reused.
            if let handle = ProcessHandle(processID), isHolder(processID) { holders[processID] = handle }
        }
        // Workers are children of their master and have the same arguments.
        return holders.filter { ProcessHandle.parent(of: $0.key).map { holders[$0] == nil } ?? false }.map(\.value)
    }

    /// Whether a process runs HAProxy's program but has no arguments yet, so that it may be a master.
    static func isAnyStarting(_ files: DeviceFiles) -> Bool {
        processes().contains { processID in
            ProcessHandle.leadsSession(processID) && ProcessHandle.runs(files.binary.string, processID)
                && isOurs(processID) && (ProcessHandle.arguments(of: processID) ?? []).allSatisfy(\.isEmpty)
        }
    }

    /// Whether a master has bound the socket; false while it starts or re-executes itself.
    static func hasBound(_ socket: FilePath, _ master: ProcessHandle) -> Bool {
        has(boundInodes(socket), master.processID)
    }

    /// The inodes of listening sockets with this name in /proc/net/unix, in the form of /proc/PID/fd.
    private static func boundInodes(_ socket: FilePath) -> Set<String> {
        guard let bytes = try? AtomicFile.readStream("/proc/net/unix") else { return [] }
        let name = socket.string
        let inodes = String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line -> Substring? in
            let columns = line.split(separator: " ", maxSplits: 7)
            guard columns.count == 8, columns[5] == "01", columns[7].hasPrefix(name) else { return nil }
            // HAProxy binds a temporary name, `NAME.PID.tmp`, and renames it.
            let suffix = columns[7].dropFirst(name.count)
            return suffix.isEmpty || (suffix.hasPrefix(".") && suffix.hasSuffix(".tmp")) ? columns[6] : nil
        }
        return Set(inodes.map { "socket:[\($0)]" })
    }

    /// Whether the real and effective user of a process are this process's user or root.
    private static func isOurs(_ processID: Int32) -> Bool {
        guard let bytes = try? AtomicFile.readStream(FilePath("/proc/\(processID)/status")) else { return false }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        func values(_ name: String) -> [UInt32]? {
            let line = lines.first { $0.hasPrefix(name) }
            return line?.split(whereSeparator: \.isWhitespace).dropFirst().compactMap { UInt32($0) }
        }
        // A process in a container has an ID in each of two PID namespaces.
        guard values("NSpid:")?.count ?? 1 == 1, let users = values("Uid:")?.prefix(2) else { return false }
        return users.count == 2 && (users.allSatisfy { $0 == geteuid() } || users.allSatisfy { $0 == 0 })
    }

    /// Whether a process has the arguments of a master with this socket.
    private static func isStarted(_ processID: Int32, with socket: FilePath) -> Bool {
        guard let arguments = ProcessHandle.arguments(of: processID), let option = arguments.firstIndex(of: "-S"),
            option + 1 < arguments.count
        else { return false }
        return arguments[option + 1].split(separator: ",").first.map(String.init) == socket.string
    }

    private static func has(_ sockets: Set<String>, _ processID: Int32) -> Bool {
        let folder = "/proc/\(processID)/fd"
        return entries(of: folder).contains { name in
            var target = [CChar](repeating: 0, count: 64)
            let count = unsafe readlink("\(folder)/\(name)", &target, target.count)
            guard count > 0 else { return false }
            return sockets.contains(String(decoding: target.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
    }

    private static func processes() -> [Int32] { entries(of: "/proc").compactMap { Int32($0) } }

    private static func entries(of folder: String) -> [String] {
        guard let folder = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            names.append(
                unsafe withUnsafeBytes(of: &entry.pointee.d_name) { buffer in
                    unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
                }
            )
        }
        return names
    }
}
