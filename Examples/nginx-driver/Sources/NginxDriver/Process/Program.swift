// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CProcesses
import Glibc
import SteelyardCore

/// Runs a program to completion.
enum Program {
    /// Runs a program without standard input and with no signal blocked.
    ///
    /// - Returns: The exit code, and at most 64 KiB of its standard error output.
    /// - Throws: `DriverError` with the code `unavailable` if it cannot be started.
    static func run(_ path: String, _ arguments: [String]) throws(DriverError) -> (code: Int32, errors: String) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw failure(path, errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        let started = Result { () throws(DriverError) in try start(path, arguments, errors: ends[1]) }
        close(ends[1])
        let process = try started.get()
        var errors: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(ends[0], &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            if errors.count < 65_536 { errors += buffer[..<count] }
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return (signal == 0 ? status >> 8 & 0xFF : 128 + signal, String(decoding: errors, as: UTF8.self))
    }

    private static func start(_ path: String, _ arguments: [String], errors: Int32) throws(DriverError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        // A daemon must not inherit the agent's sockets and files.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, path, &actions, &attributes, &words, environ)
        guard code == 0 else { throw failure(path, code) }
        return process
    }

    private static func failure(_ path: String, _ code: Int32) -> DriverError {
        DriverError(.unavailable, "\(path) cannot be started: \(SystemError.text(code))")
    }
}
