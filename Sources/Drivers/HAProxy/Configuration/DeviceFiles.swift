// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Where the driver keeps what.
struct DeviceFiles: Hashable, Sendable {
    /// What HAProxy runs.
    let config: FilePath
    /// HAProxy's log: where its standard output goes, or what a syslog daemon writes.
    let log: FilePath
    /// Where the master takes commands.
    let masterSocket: FilePath
    /// Whether another program writes the log.
    let hasLogDaemon: Bool
    private let folder: FilePath

    init(_ configuration: HAProxyConfiguration) {
        config = configuration.config
        log = configuration.log
        masterSocket = configuration.masterSocket
        hasLogDaemon = configuration.logTarget != nil
        folder = configuration.stateDirectory
    }

    /// What is to be checked before it becomes ``config``.
    var candidate: FilePath { FilePath(config.string + ".candidate") }
    /// What was served before.
    var lastGood: FilePath { FilePath(config.string + ".last-good") }
    /// What HAProxy printed while it started.
    var startLog: FilePath { folder.appending("haproxy-start.log") }
    /// The states of the nodes at a reload; empty at any other time.
    var serverStates: FilePath { folder.appending("servers.state") }
    /// What was asked for.
    var state: FilePath { folder.appending("state.json") }
    /// What was metered.
    var usage: FilePath { folder.appending("usage.json") }
    /// What was found in place of the state and could not be understood.
    var setAside: [FilePath] { [state, usage].map(\.aside) }
    /// Where the workers take commands.
    var adminSocket: FilePath { folder.appending("admin.sock") }
    /// Where an old worker hands its stick table to the new one.
    var peerSocket: FilePath { folder.appending("peers.sock") }
    /// Every file that may be there, but for the log, the state's and the usage's.
    var all: [FilePath] { [config, lastGood, candidate, startLog, serverStates, peerSocket] + setAside }
    /// The folder that all of it is in, but for what the operator placed elsewhere.
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
