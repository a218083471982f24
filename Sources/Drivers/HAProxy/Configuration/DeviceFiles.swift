// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// The paths of the driver's files.
struct DeviceFiles: Hashable, Sendable {
    /// The configuration file that HAProxy loads.
    let config: FilePath
    /// HAProxy's log: the file of its standard output, or the file of a syslog daemon.
    let log: FilePath
    /// The socket on which the master accepts commands.
    let masterSocket: FilePath
    /// The HAProxy program.
    let binary: FilePath
    /// Whether a syslog daemon writes the log.
    let hasLogDaemon: Bool
    /// Additional folders with rotated files of the log.
    private let rotatedLogFolders: [FilePath]
    private let folder: FilePath

    init(_ configuration: HAProxyConfiguration) {
        config = configuration.config
        log = configuration.log
        masterSocket = configuration.masterSocket
        binary = configuration.settings.binary
        hasLogDaemon = configuration.logTarget != nil
        rotatedLogFolders = configuration.settings.logRotated
        folder = configuration.stateDirectory
    }

    /// A new configuration, while HAProxy checks it.
    var candidate: FilePath { FilePath(config.string + ".candidate") }
    /// The previous configuration.
    var lastGood: FilePath { FilePath(config.string + ".last-good") }
    /// The messages of HAProxy's last start.
    var startLog: FilePath { folder.appending("haproxy-start.log") }
    /// The server states during a reload; empty at any other time.
    var serverStates: FilePath { folder.appending("servers.state") }
    /// The committed state.
    var state: FilePath { folder.appending("state.json") }
    /// The usage ledger.
    var usage: FilePath { folder.appending("usage.json") }
    /// The new names of unreadable state files.
    var setAside: [FilePath] { [state, usage, logOwners].map(\.aside) }
    /// The socket on which the workers accept commands.
    var adminSocket: FilePath { folder.appending("admin.sock") }
    /// The last known addresses of nodes with host names.
    var addresses: FilePath { folder.appending("addresses") }
    /// The socket on which an old worker sends its stick table to the new one.
    var peerSocket: FilePath { folder.appending("peers.sock") }
    /// The files that HAProxy loads besides haproxy.cfg, and those of a check: lists of networks and error pages.
    var sideFiles: [FilePath] {
        let names = (try? AtomicFile.names(in: folder)) ?? []
        return names.filter(SideFile.isOwn).sorted().map { folder.appending($0) }
    }
    /// What the names of files for a check end with.
    static let candidateSuffix = ".candidate"
    /// All files that may exist, except the log, the state and the usage ledger.
    var all: [FilePath] {
        [config, lastGood, candidate, startLog, serverStates, peerSocket, addresses, logOwners]
            + setAside + [config, state].map { SpareRoom(for: $0).path }
            + sideFiles
    }
    /// The folder of all files that have no setting of their own.
    var stateFolder: FilePath { folder }

    /// A rotated log while it is being copied.
    var rotatingLog: FilePath { FilePath(log.string + LogFileName.incompleteSuffix) }
    /// The archive state: a file for each load balancer, written by the agent.
    var archiveState: FilePath { folder.appending("archived") }

    /// Links to rotated logs that an ARCHIVE reads; nil if another program rotates them.
    var logHold: FilePath? { hasLogDaemon ? nil : folder.appending("log-hold") }

    /// The start of the log; see ``LogStart``.
    var logStart: FilePath { folder.appending("log-start") }

    /// The owners of log lines without ids; see ``LogOwnerHistory``.
    var logOwners: FilePath { folder.appending("log-owners.json") }

    /// Reads the owners of log lines without ids; nil if all lines of a kind have one owner.
    ///
    /// A damaged file is set aside: what it said is then unknown, and no other load balancer gets those lines.
    ///
    /// - Throws: `DriverError` with code `stateUnreadable`.
    func readLogOwners(_ logger: Logger, isReadOnly: Bool = false) throws(DriverError) -> LogOwnerHistory? {
        let bytes: [UInt8]?
        do throws(FileError) { bytes = try AtomicFile.read(logOwners, atMost: 1 << 20) } catch {
            throw DriverError(.stateUnreadable, error.description)
        }
        guard let bytes else { return nil }
        if let history = LogOwnerHistory(record: bytes) { return history }
        let consequence = "earlier log lines without an id belong to the load balancer that has their name now"
        logOwners.setAside(logger, consequence, isReadOnly: isReadOnly)
        return LogOwnerHistory(hasIDs: true)
    }

    /// The folders of the log and its rotated files.
    var logFolder: LogFolder {
        // If the log has no extension, the names of other files may begin with its name.
        let own = all + [state, usage, logStart]
        return LogFolder(
            of: log,
            others: rotatedLogFolders,
            excluded: Set(own + own.map { FilePath($0.string + ".new") })
        ) { HAProxyLineClassifier.time(of: $0) }
    }

    /// Reads the start of the log; nil for its oldest line.
    ///
    /// - Throws: `DriverError` with code `stateUnreadable`.
    func readLogStart() throws(DriverError) -> LogStart? {
        let bytes: [UInt8]?
        do throws(FileError) { bytes = try AtomicFile.read(logStart, atMost: 1 << 20) } catch {
            throw DriverError(.stateUnreadable, error.description)
        }
        return try bytes.map { bytes throws(DriverError) in try LogStart(String(decoding: bytes, as: UTF8.self)) }
    }
}
