// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage

/// A connection that keeps a worker alive, so that its counters can be read after its last client has disconnected.
///
/// After a reload, a worker ends with its last connection of any kind; a connection for commands counts like a
/// client's. Without it, the bytes after the last reading would be lost.
struct WorkerHold {
    typealias Worker = UsageLedger.Worker

    /// Whether the connection itself accepts commands.
    let isInteractive: Bool
    private let connection: RuntimeConnection
    /// Whether the next answer on the connection belongs to the next command.
    ///
    /// It does not after a command timed out, nor on a connection of an earlier agent, which may have ended before it
    /// read its last answer.
    private var isInStep = true
    /// How long HAProxy keeps a connection without commands, in seconds.
    private static let idleLimit = 86_400

    /// Holds the worker that accepts new connections, the only one that this socket reaches.
    ///
    /// - Returns: nil if another worker answers, or none.
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

    /// Continues with the connection of an earlier agent.
    ///
    /// It sends nothing: the worker may be stopped at this moment, and would end if the connection were closed.
    init(kept connection: RuntimeConnection) {
        self.connection = connection
        isInteractive = true
        isInStep = false
    }

    /// Holds an old worker by an incomplete command: the worker waits for its end without a time limit.
    ///
    /// The connection ends when the master re-executes itself.
    init?(old worker: Worker, through masterSocket: FilePath, by deadline: Deadline) {
        do throws(SocketFailure) {
            connection = try RuntimeConnection(masterSocket, by: deadline)
            isInteractive = false
            try connection.send("@!\(worker.processID) show info <<\n", by: deadline)
        } catch { return nil }
    }

    /// Whether the connection is open.
    var isOpen: Bool { isInStep ? connection.isQuiet : connection.isOpen }

    /// The number of the worker's jobs that are the meter's own during a command.
    var ownJobs: Int { isInteractive ? 1 : 2 }

    /// Sends a command to the worker and returns the answer.
    ///
    /// - Throws: `SocketFailure`; after `silent`, the worker is still held and can be queried again.
    mutating func ask(_ command: String, by deadline: Deadline) throws(SocketFailure) -> String {
        if !isInStep { try getInStep(by: deadline) }
        do throws(SocketFailure) { return try connection.answer(to: command, until: .worker, by: deadline) } catch {
            isInStep = false
            throw error
        }
    }

    /// Reads up to an answer that cannot belong to an earlier command.
    private mutating func getInStep(by deadline: Deadline) throws(SocketFailure) {
        let number = UInt32.random(in: 1...UInt32(Int32.max))
        let name = "proc.steelyard_step"
        try connection.send("experimental-mode on\nset var \(name) int(\(number))\nget var \(name)\n", by: deadline)
        while try !connection.read(until: .worker, by: deadline).contains("<\(number)>") {}
        isInStep = true
    }

    /// Stores the connection in the service manager, so that the worker also waits for the next agent.
    ///
    /// Excludes connections through the master: it accepts only a few, and commands need them.
    func keep(by descriptors: any DescriptorStore, as name: String) {
        if isInteractive { connection.keep(by: descriptors, as: name) }
    }

    /// Releases the worker.
    ///
    /// Without it, for example when the agent ends, the service manager's copy of the connection still holds the worker.
    func release() { connection.end() }
}
