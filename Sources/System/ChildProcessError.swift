// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Says why a program could not be run to its end.
package struct ChildProcessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Hashable, Sendable {
        /// There is no such program.
        case programNotFound
        /// The file cannot be executed by this user, or is not a program.
        case notExecutable
        /// The process, or the system, has no file descriptor left.
        case descriptorsExhausted
        /// There is no memory for a process or a thread, or no process is left.
        case memoryExhausted
        /// The program did not end in time; it was killed.
        case timedOut
        /// The program printed more than the limit; it was killed.
        case outputTooLong
        /// The task was cancelled; the program was killed.
        case cancelled
        /// Another error of the system.
        case system
    }

    /// The kind of failure.
    package let code: Code
    /// The program and the reason, in one sentence.
    package let description: String

    init(_ code: Code, _ program: String, _ reason: String) {
        self.code = code
        description = "\(program) \(reason)"
    }

    /// Describes an error number of the system.
    init(_ program: String, errno number: Int32) {
        switch number {
        case ENOENT, ENOTDIR: self.init(.programNotFound, program, "does not exist")
        case EACCES, EPERM, ENOEXEC, EISDIR:
            self.init(.notExecutable, program, "cannot be executed: \(unsafe String(cString: strerror(number)))")
        case EMFILE:
            let advice = "the agent has no file descriptor left (EMFILE); raise its limit (LimitNOFILE)"
            self.init(.descriptorsExhausted, program, "cannot be started: \(advice)")
        case ENFILE:
            self.init(.descriptorsExhausted, program, "cannot be started: the system has no file left (ENFILE)")
        case ENOMEM: self.init(.memoryExhausted, program, "cannot be started: there is no memory left (ENOMEM)")
        case EAGAIN:
            self.init(.memoryExhausted, program, "cannot be started: the limit on processes is reached (EAGAIN)")
        default: self.init(.system, program, "cannot be run: \(unsafe String(cString: strerror(number)))")
        }
    }
}
