// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// A connection that a worker waits for, so that its counters can be read when all others have gone.
///
/// After a reload, a worker ends with its last connection, whatever that is: one on which commands are given counts as
/// much as a client's. Without it, what a client is sent after the last reading would be lost.
struct WorkerHold {
    /// Whether commands are given on the connection itself.
    let isInteractive: Bool
    private let connection: RuntimeConnection
    private let keeper: WorkerKeeper?
    /// How long HAProxy keeps a connection on which nothing is asked, in seconds.
    private static let idleLimit = 86_400
    private static let prompt = "\n> "

    /// Holds the worker that takes new connections; no other can be reached on this socket.
    ///
    /// - Returns: nil where somebody else answers, or in another way.
    init?(current processID: Int32, at adminSocket: FilePath, by deadline: Deadline) {
        do throws(RuntimeSocket.Failure) {
            connection = try RuntimeConnection(adminSocket, by: deadline)
            isInteractive = true
            for command in ["prompt", "set timeout cli \(Self.idleLimit)"] {
                _ = try connection.answer(to: command, until: Self.prompt, by: deadline)
            }
            let info = try connection.answer(to: "show info", until: Self.prompt, by: deadline)
            guard WorkerInfo(info).processID == processID else { return nil }
        } catch { return nil }
        keeper = connection.keeper()
    }

    /// Holds a worker of before a reload: by a command to which the end is missing, for which it waits without a limit.
    ///
    /// The connection goes with the master when that executes itself anew.
    init?(old processID: Int32, through masterSocket: FilePath, by deadline: Deadline) {
        do throws(RuntimeSocket.Failure) {
            connection = try RuntimeConnection(masterSocket, by: deadline)
            isInteractive = false
            // The master takes few connections, and one that is kept for nobody would be taken from all.
            keeper = nil
            try connection.send("@!\(processID) show info <<\n", by: deadline)
        } catch { return nil }
    }

    /// Whether it still holds.
    var isOpen: Bool { connection.isQuiet }

    /// How many of the worker's jobs are the meter's own while it asks.
    var ownJobs: Int { isInteractive ? 1 : 2 }

    /// Asks the worker; after a failure, the connection is of no more use.
    func ask(_ command: String, by deadline: Deadline) throws(RuntimeSocket.Failure) -> String {
        try connection.answer(to: command, until: Self.prompt, by: deadline)
    }

    /// Lets the worker end.
    ///
    /// Without it, as where the agent ends, the keeper holds the worker for a while.
    func release() {
        connection.end()
        keeper?.end()
    }
}
