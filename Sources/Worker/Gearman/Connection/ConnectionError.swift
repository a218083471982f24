// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// The reason for a failed connection to a job server.
struct ConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reason, in one sentence without the server's name.
    let description: String

    init(_ description: String) { self.description = description }

    /// No response arrived in time.
    static let noAnswer = ConnectionError("the server does not respond")

    /// Creates the error of a failed system call.
    static func system(_ verb: String, _ code: Errno) -> ConnectionError {
        switch code {
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem:
            ConnectionError("cannot \(verb): \(code); raise the limit of open files (LimitNOFILE, ulimit -n)")
        default: ConnectionError("cannot \(verb): \(code)")
        }
    }

    /// Creates the error of a failed name lookup.
    ///
    /// - Parameters:
    ///   - host: The name.
    ///   - code: The result of `getaddrinfo`.
    ///   - error: The value of `errno`.
    static func lookup(_ host: String, code: Int32, error: Errno) -> ConnectionError {
        let reason = code == EAI_SYSTEM ? "\(error)" : unsafe String(cString: gai_strerror(code))
        return ConnectionError("cannot resolve \(host): \(reason)")
    }
}
