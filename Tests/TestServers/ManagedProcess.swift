// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Glibc

/// A program that a stand-in for systemd has started, with the descriptors that this keeps.
package struct ManagedProcess: Sendable {
    /// The process's number.
    package let processIdentifier: Int32
    private let outputFile: URL
    private let errorFile: URL

    /// Starts a program; ``wait()`` must follow, after ``send(signal:)``.
    ///
    /// - Parameter variables: What its environment has on top of this process's.
    package static func start(
        _ program: String,
        _ arguments: [String],
        variables: [String: String] = [:],
        by manager: StandInServiceManager,
        in folder: URL
    ) throws -> ManagedProcess {
        let name = "managed-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let (output, error) = (folder.appending(path: name + ".out"), folder.appending(path: name + ".err"))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output.path, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, error.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // Above all numbers that they get in the program, so that none overwrites another.
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
        // The shell's number stays the program's.
        let words = ["sh", "-c", #"LISTEN_PID=$$ WATCHDOG_PID=$$ exec "$0" "$@""#, program] + arguments
        var processID: pid_t = 0
        let code = withStrings(words) { words in
            withStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
                posix_spawn(&processID, "/bin/sh", &actions, nil, words, environment)
            }
        }
        guard code == 0 else { throw ServerFailure("\(program) did not start: \(code)") }
        return ManagedProcess(processIdentifier: processID, outputFile: output, errorFile: error)
    }

    /// What it has printed to standard output until now.
    package var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }

    /// What it has printed to standard error until now.
    package var errorOutput: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// Sends a signal.
    package func send(signal: Int32) { kill(processIdentifier, signal) }

    /// Waits for its end; it is killed where it does not come within 40 seconds.
    ///
    /// - Returns: Its exit code, or 128 and the signal's number.
    package func wait() async throws -> Int32 {
        try await blocking { [processIdentifier] in
            var status: Int32 = 0
            let end = ContinuousClock.now + .seconds(40)
            while waitpid(processIdentifier, &status, WNOHANG) == 0 {
                if ContinuousClock.now > end { kill(processIdentifier, SIGKILL) }
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
