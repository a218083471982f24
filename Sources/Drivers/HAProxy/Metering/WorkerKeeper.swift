// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A small process that has the connection on which a worker waits, too, and so keeps the worker from ending while no
/// agent runs: the next one finds it, with all that it has sent.
///
/// It ends with the hold, and otherwise some time after the agent has ended in whatever way.
final class WorkerKeeper: Sendable {
    /// It reads from this one's other end: a line ends it, and the end of the agent makes it wait.
    private let lifeline: Int32
    /// How long the next agent may take to come, in seconds.
    static let patience = 10

    /// Starts it.
    ///
    /// - Returns: nil where no process can be started. Nothing but the meter's exactness depends on it.
    init?(of connection: Int32) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | O_CLOEXEC
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
        defer { close(ends[0]) }
        guard let starter = Self.spawn(reading: ends[0], keeping: connection) else {
            close(ends[1])
            return nil
        }
        while waitpid(starter, nil, 0) < 0, errno == EINTR {}
        lifeline = ends[1]
    }

    deinit { close(lifeline) }

    /// Ends it at once.
    func end() { _ = unsafe send(lifeline, "\n", 1, Int32(MSG_NOSIGNAL)) }

    /// Runs a shell in a group of its own, which the terminal's signals do not reach.
    ///
    /// - Returns: The process that starts the keeper and ends: the keeper itself is nobody's child, and so never left unwaited for.
    private static func spawn(reading lifeline: Int32, keeping connection: Int32) -> pid_t? {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, lifeline, STDIN_FILENO)
        // Its output is the connection, on which it says nothing.
        unsafe posix_spawn_file_actions_adddup2(&actions, connection, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        // A job server's connection that is left open would keep the agent's jobs from being handed out again.
        unsafe steelyard_spawn_close_from(&actions, STDERR_FILENO + 1)
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        // What runs in the background would have no standard input, hence the 3.
        let script = "exec 3<&0; { read -r _ <&3 || exec /bin/sleep \(patience); } &"
        let words = ["sh", "-c", script, "steelyard-keeper"]
        let arguments = unsafe words.map { unsafe strdup($0) }
        defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
        var processID: pid_t = 0
        let result = unsafe posix_spawn(&processID, "/bin/sh", &actions, &attributes, arguments + [nil], [nil])
        return result == 0 ? processID : nil
    }
}
