// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardSystem
import SystemPackage

/// One of the sockets on which HAProxy takes commands: the workers' or the master's.
///
/// Every call blocks until its deadline at most, and so belongs on a thread of its own.
struct RuntimeSocket: Sendable {
    /// Says why there is no answer.
    enum Failure: Error, Hashable {
        /// Nobody listens; for a few dozen milliseconds also while the master executes itself anew.
        case absent
        /// Somebody listens and does not answer in time.
        case silent
        /// The system's reason.
        case system(Errno)
    }

    private let path: FilePath

    init(_ path: FilePath) { self.path = path }

    /// Sends a command and reads its answer to the end.
    ///
    /// - Throws: `Failure`.
    func ask(_ command: String, by deadline: Deadline) throws(Failure) -> String {
        let connection = try RuntimeConnection(path, by: deadline)
        try connection.send(command + "\n", by: deadline)
        // The master answers until it has seen the end of the commands.
        connection.finishSending()
        return try connection.readAll(by: deadline)
    }
}
