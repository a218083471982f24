// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// The nginx processes of one directory, which are those with open files in it.
struct NginxProcesses: Sendable {
    /// The master; nil if it is not running, although its workers may be.
    private(set) var master: pid_t?
    /// The workers that accept connections.
    private(set) var workers: Set<pid_t> = []
    /// The workers that only finish their connections.
    private(set) var retiring: Set<pid_t> = []

    /// All of them.
    var all: [pid_t] { Array(workers) + Array(retiring) + (master.map { [$0] } ?? []) }

    /// Scans all processes.
    init(using directory: NginxDirectory) {
        // Links in /proc contain resolved paths.
        guard let path = realpath(directory.path, nil) else { return }
        defer { free(path) }
        let prefix = String(cString: path) + "/"
        let manager = FileManager.default
        let numbers = ((try? manager.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
        let ours = numbers.filter { number in
            guard Self.read(number, "comm") == "nginx\n",
                let open = try? manager.contentsOfDirectory(atPath: "/proc/\(number)/fd")
            else { return false }
            return open.contains { entry in
                let file = try? manager.destinationOfSymbolicLink(atPath: "/proc/\(number)/fd/\(entry)")
                return file?.hasPrefix(prefix) ?? false
            }
        }
        for number in ours {
            let title = Self.read(number, "cmdline") ?? ""
            // A new worker has its master's title at first.
            if title.hasPrefix("nginx: master process"), !ours.contains(Self.parent(of: number)) {
                master = number
            } else if title.hasPrefix("nginx: worker process is shutting down") {
                retiring.insert(number)
            } else {
                workers.insert(number)
            }
        }
    }

    private static func parent(of number: pid_t) -> pid_t {
        // The name, in parentheses, may contain any characters.
        let fields = read(number, "stat")?.split(separator: ")").last?.split(separator: " ")
        return fields?.dropFirst().first.flatMap { pid_t($0) } ?? 0
    }

    private static func read(_ number: pid_t, _ name: String) -> String? {
        let data = try? Data(contentsOf: URL(filePath: "/proc/\(number)/\(name)"))
        return data.map { String(decoding: $0, as: UTF8.self) }
    }
}
