// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// Says why there is no connection to a job server.
struct ConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reason, in one sentence without the server's name.
    let description: String

    init(_ description: String) { self.description = description }

    /// Nothing has come in time.
    static let noAnswer = ConnectionError("it does not answer")

    /// A call of the system's failed.
    static func system(_ verb: String, _ code: Errno) -> ConnectionError {
        switch code {
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem:
            ConnectionError("cannot \(verb): \(code); raise the limit of open files (LimitNOFILE, ulimit -n)")
        default: ConnectionError("cannot \(verb): \(code)")
        }
    }

    /// The host's name was not resolved.
    ///
    /// - Parameters:
    ///   - host: The name.
    ///   - code: What `getaddrinfo` has returned.
    ///   - error: What `errno` was.
    static func lookup(_ host: String, code: Int32, error: Errno) -> ConnectionError {
        let reason = code == EAI_SYSTEM ? "\(error)" : unsafe String(cString: gai_strerror(code))
        return ConnectionError("cannot resolve \(host): \(reason)")
    }
}
