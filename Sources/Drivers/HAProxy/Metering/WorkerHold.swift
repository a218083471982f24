// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage

/// A connection for which a worker waits, so that its counters can be read after its last client has left.
///
/// After a reload, a worker ends with its last connection, of whatever kind: one on which commands are given counts as
/// much as a client's. Without it, what a client is sent after the last reading would be lost.
struct WorkerHold {
    typealias Worker = UsageLedger.Worker

    /// Whether commands are given on the connection itself.
    let isInteractive: Bool
    private let connection: RuntimeConnection
    /// Whether the next answer on the connection is that of the next command.
    ///
    /// It is not after a command whose answer has not come in time, and on a connection of an earlier agent, which may
    /// have ended before it had read its last answer.
    private var isInStep = true
    /// How long HAProxy keeps a connection without commands, in seconds.
    private static let idleLimit = 86_400

    /// Holds the worker that takes new connections, the only one that can be reached on this socket.
    ///
    /// - Returns: nil where another worker answers, or there is no answer.
    init?(current worker: Worker, at adminSocket: FilePath, by deadline: Deadline) {
        do throws(SocketFailure) {
            connection = try RuntimeConnection(adminSocket, by: deadline)
            isInteractive = true
            for command in ["prompt", "set timeout cli \(Self.idleLimit)"] {
                _ = try connection.answer(to: command, until: .worker, by: deadline)
            }
            let info = try connection.answer(to: "show info", until: .worker, by: deadline)
            guard WorkerInfo(info).processID == worker.processID else { return nil }
        } catch { return nil }
    }

    /// Goes on with the connection of an earlier agent.
    ///
    /// The worker is not asked: it may be stopped in this moment, and would end if the connection were given up.
    init(kept connection: RuntimeConnection) {
        self.connection = connection
        isInteractive = true
        isInStep = false
    }

    /// Holds a worker of before a reload: by an incomplete command, for whose end it waits without a limit.
    ///
    /// The connection ends when the master executes itself again.
    init?(old worker: Worker, through masterSocket: FilePath, by deadline: Deadline) {
        do throws(SocketFailure) {
            connection = try RuntimeConnection(masterSocket, by: deadline)
            isInteractive = false
            try connection.send("@!\(worker.processID) show info <<\n", by: deadline)
        } catch { return nil }
    }

    /// Whether it still holds.
    var isOpen: Bool { isInStep ? connection.isQuiet : connection.isOpen }

    /// How many of the worker's jobs are the meter's own while it asks.
    var ownJobs: Int { isInteractive ? 1 : 2 }

    /// Asks the worker.
    ///
    /// - Throws: `SocketFailure`; after `silent`, the worker is still held and can be asked again.
    mutating func ask(_ command: String, by deadline: Deadline) throws(SocketFailure) -> String {
        if !isInStep { try getInStep(by: deadline) }
        do throws(SocketFailure) { return try connection.answer(to: command, until: .worker, by: deadline) } catch {
            isInStep = false
            throw error
        }
    }

    /// Reads up to an answer that no earlier command can have got.
    private mutating func getInStep(by deadline: Deadline) throws(SocketFailure) {
        let number = UInt32.random(in: 1...UInt32(Int32.max))
        let name = "proc.steelyard_step"
        try connection.send("experimental-mode on\nset var \(name) int(\(number))\nget var \(name)\n", by: deadline)
        while try !connection.read(until: .worker, by: deadline).contains("<\(number)>") {}
        isInStep = true
    }

    /// Has the service manager keep the connection, so that the worker waits for the next agent, too.
    ///
    /// Not one through the master: the master takes few connections, and this one would be missing for commands.
    func keep(by descriptors: any DescriptorStore, as name: String) {
        if isInteractive { connection.keep(by: descriptors, as: name) }
    }

    /// Lets the worker end.
    ///
    /// Without it, as where the agent ends, the service manager's copy of the connection goes on to hold the worker.
    func release() { connection.end() }
}
