// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Glibc

/// A program started by a stand-in for systemd, with the descriptors that the stand-in stores.
package struct ManagedProcess: Sendable {
    /// The process ID.
    package let processIdentifier: Int32
    private let outputFile: URL
    private let errorFile: URL

    /// Starts a program; ``wait()`` must follow, after ``send(signal:)``.
    ///
    /// - Parameters:
    ///   - variables: Environment variables in addition to those of this process.
    ///   - manager: The stand-in that stores its descriptors.
    ///   - folder: The folder of its output.
    ///   - name: The name of its output files.
    package static func start(
        _ program: String,
        _ arguments: [String],
        variables: [String: String] = [:],
        by manager: StandInServiceManager,
        in folder: URL,
        name: String = "managed-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
    ) throws -> ManagedProcess {
        let (output, error) = (folder.appending(path: name + ".out"), folder.appending(path: name + ".err"))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output.path, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, error.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // Above all numbers that they get in the program, so that no dup2 overwrites another descriptor.
        let kept = manager.kept.map { (name: $0.name, descriptor: fcntl($0.descriptor, F_DUPFD_CLOEXEC, 512)) }
        defer { for (_, descriptor) in kept { close(descriptor) } }
        for (index, entry) in kept.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, entry.descriptor, Int32(3 + index))
        }
        var environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        environment["NOTIFY_SOCKET"] = manager.address
        if !kept.isEmpty {
            environment["LISTEN_FDS"] = String(kept.count)
            environment["LISTEN_FDNAMES"] = kept.map(\.name).joined(separator: ":")
        }
        // Ctrl-C in the tests' terminal must not reach it.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        // exec keeps the shell's process ID.
        let words = ["sh", "-c", #"LISTEN_PID=$$ WATCHDOG_PID=$$ exec "$0" "$@""#, program] + arguments
        var processID: pid_t = 0
        let code = withStrings(words) { words in
            withStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
                posix_spawn(&processID, "/bin/sh", &actions, &attributes, words, environment)
            }
        }
        guard code == 0 else { throw ServerFailure("\(program) did not start: \(code)") }
        return ManagedProcess(processIdentifier: processID, outputFile: output, errorFile: error)
    }

    /// The standard output so far.
    package var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }

    /// The standard error output so far.
    package var errorOutput: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// Whether a signal has stopped it.
    package var isStopped: Bool {
        let status = try? String(contentsOfFile: "/proc/\(processIdentifier)/stat", encoding: .utf8)
        return status.flatMap { text in text.lastIndex(of: ")").map { text[$0...].hasPrefix(") T") } } ?? false
    }

    /// Whether it catches SIGTERM; before that, while libraries are loaded, the signal would end it.
    package var catchesSignals: Bool {
        let status = try? String(contentsOfFile: "/proc/\(processIdentifier)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
        let mask = line.flatMap { UInt64($0.dropFirst(7).drop { $0 == "\t" }, radix: 16) } ?? 0
        return mask & 1 << (SIGTERM - 1) != 0
    }

    /// Sends a signal.
    package func send(signal: Int32) { kill(processIdentifier, signal) }

    /// Waits for the process to end.
    ///
    /// - Parameter seconds: The timeout in seconds, after which it is killed; nil for none.
    /// - Returns: Its exit code, or 128 and the signal's number.
    package func wait(within seconds: Double? = 40) async throws -> Int32 {
        try await blocking { [processIdentifier] in
            var status: Int32 = 0
            let end = seconds.map { ContinuousClock.now + .seconds($0) }
            while waitpid(processIdentifier, &status, WNOHANG) == 0 {
                if let end, ContinuousClock.now > end { kill(processIdentifier, SIGKILL) }
                usleep(5000)
            }
            return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
        }
    }

    private static func withStrings<Result>(
        _ strings: [String],
        _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}
