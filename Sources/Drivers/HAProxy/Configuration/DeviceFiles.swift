// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// The paths of the driver's files.
struct DeviceFiles: Hashable, Sendable {
    /// The configuration that HAProxy runs.
    let config: FilePath
    /// HAProxy's log: where its standard output goes, or what a syslog daemon writes.
    let log: FilePath
    /// The socket on which the master takes commands.
    let masterSocket: FilePath
    /// The HAProxy program.
    let binary: FilePath
    /// Whether another program writes the log.
    let hasLogDaemon: Bool
    private let folder: FilePath

    init(_ configuration: HAProxyConfiguration) {
        config = configuration.config
        log = configuration.log
        masterSocket = configuration.masterSocket
        binary = configuration.binary
        hasLogDaemon = configuration.logTarget != nil
        folder = configuration.stateDirectory
    }

    /// A new configuration while HAProxy checks it.
    var candidate: FilePath { FilePath(config.string + ".candidate") }
    /// The configuration that was served before.
    var lastGood: FilePath { FilePath(config.string + ".last-good") }
    /// What HAProxy printed while it started.
    var startLog: FilePath { folder.appending("haproxy-start.log") }
    /// The states of the nodes at a reload; empty at any other time.
    var serverStates: FilePath { folder.appending("servers.state") }
    /// The state that was asked for.
    var state: FilePath { folder.appending("state.json") }
    /// The usage ledger.
    var usage: FilePath { folder.appending("usage.json") }
    /// The names of state files that could not be read and were set aside.
    var setAside: [FilePath] { [state, usage].map(\.aside) }
    /// The socket on which the workers take commands.
    var adminSocket: FilePath { folder.appending("admin.sock") }
    /// The last addresses of nodes that have host names.
    var addresses: FilePath { folder.appending("addresses") }
    /// The socket by which an old worker sends its stick table to the new one.
    var peerSocket: FilePath { folder.appending("peers.sock") }
    /// All files that may exist, except the log, the state and the usage ledger.
    var all: [FilePath] {
        [config, lastGood, candidate, startLog, serverStates, peerSocket, addresses]
            + setAside + [config, state].map { SpareRoom(for: $0).path }
    }
    /// The folder of all files that the operator has not placed elsewhere.
    var stateFolder: FilePath { folder }

    /// What is becoming a rotated log.
    var rotatingLog: FilePath { FilePath(log.string + ".rotating") }
    /// The files of the archive state, one for each load balancer; the agent writes them.
    var archiveState: FilePath { folder.appending("archived") }

    /// Where the log begins: what is before it was another load balancer's, which has been deleted.
    var logStart: FilePath { folder.appending("log-start") }

    /// Where the log begins; nil for its oldest line.
    ///
    /// - Throws: `DriverError` with the code `stateUnreadable`.
    func readLogStart() throws(DriverError) -> LogMark? {
        do throws(FileError) {
            guard let bytes = try AtomicFile.read(logStart, atMost: 1 << 20) else { return nil }
            return LogMark(String(decoding: bytes, as: UTF8.self))
        } catch { throw DriverError(.stateUnreadable, error.description) }
    }

    /// Removes the log and what was rotated of it.
    ///
    /// Where a syslog daemon writes it, it is emptied: the daemon goes on with the file that it has open, also once that
    /// has no name any more, and appends to it. What was rotated is then the system's; archives leave it out from now on.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func removeLog(_ logger: Logger) throws(DriverError) {
        do {
            guard hasLogDaemon else {
                return try LogRotation.whileNoneEnds {
                    try AtomicFile.remove(rotatingLog)
                    for (path, _) in try LogFolder(of: log, logger).names() { try AtomicFile.remove(path) }
                }
            }
            // Whole files: half a line of the deleted one is not the next one's.
            let places = try LogPlaces(wholeOf: LogFolder(of: log, logger).open().filter { $0.name.age != .current })
            if places.isEmpty {
                try AtomicFile.remove(logStart)
            } else {
                try AtomicFile.write(Array(places.mark.text.utf8), to: logStart)
            }
            let descriptor = try FileDescriptor.open(log, .writeOnly, options: [.closeOnExec, .nonBlocking])
            try descriptor.closeAfter { try descriptor.resize(to: 0) }
        } catch Errno.noSuchFileOrDirectory {
        } catch let error as DriverError {
            throw error
        } catch let error as FileError {
            throw DriverError(.stateUnwritable, error.description)
        } catch {
            throw DriverError(
                .stateUnwritable,
                "cannot empty haproxy.log \(log): \(error); give the agent's user the right to write it"
            )
        }
    }
}
