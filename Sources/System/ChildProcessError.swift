// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The error of a program that could not be run to its end.
package struct ChildProcessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Hashable, Sendable {
        /// The program does not exist.
        case programNotFound
        /// This user cannot execute the file, or it is not a program.
        case notExecutable
        /// The process or the system is out of file descriptors.
        case descriptorsExhausted
        /// The system is out of memory or processes.
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
    /// The program and the cause, in one sentence.
    package let description: String

    init(_ code: Code, _ program: String, _ reason: String) {
        self.code = code
        description = "\(program) \(reason)"
    }

    /// Creates an error from errno.
    init(_ program: String, errno number: Int32) {
        switch number {
        case ENOENT, ENOTDIR: self.init(.programNotFound, program, "does not exist")
        case EACCES, EPERM, ENOEXEC, EISDIR:
            self.init(.notExecutable, program, "cannot be executed: \(unsafe String(cString: strerror(number)))")
        case EMFILE:
            let advice = "the agent is out of file descriptors (EMFILE); raise its limit (LimitNOFILE)"
            self.init(.descriptorsExhausted, program, "cannot be started: \(advice)")
        case ENFILE:
            self.init(.descriptorsExhausted, program, "cannot be started: the system is out of open files (ENFILE)")
        case ENOMEM: self.init(.memoryExhausted, program, "cannot be started: out of memory (ENOMEM)")
        case EAGAIN:
            self.init(.memoryExhausted, program, "cannot be started: process limit reached (EAGAIN)")
        default: self.init(.system, program, "cannot be run: \(unsafe String(cString: strerror(number)))")
        }
    }
}
