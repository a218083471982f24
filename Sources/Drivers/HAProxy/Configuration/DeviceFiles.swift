// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
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
    /// More folders with rotated files of the log.
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
    var rotatingLog: FilePath { FilePath(log.string + LogFileName.incompleteSuffix) }
    /// The files of the archive state, one for each load balancer; the agent writes them.
    var archiveState: FilePath { folder.appending("archived") }

    /// Second names of rotated logs that an ARCHIVE reads; nil where another program rotates them.
    var logHold: FilePath? { hasLogDaemon ? nil : folder.appending("log-hold") }

    /// Where the log begins; see ``LogStart``.
    var logStart: FilePath { folder.appending("log-start") }

    /// The folders of the log and its rotated siblings.
    var logFolder: LogFolder {
        // A log without an extension has a name that those of other files begin with.
        let own = all + [state, usage, logStart]
        return LogFolder(
            of: log,
            others: rotatedLogFolders,
            excluded: Set(own + own.map { FilePath($0.string + ".new") })
        ) { HAProxyLineClassifier.time(of: $0) }
    }

    /// Where the log begins; nil for its oldest line.
    ///
    /// - Throws: `DriverError` with the code `stateUnreadable`.
    func readLogStart() throws(DriverError) -> LogStart? {
        let bytes: [UInt8]?
        do throws(FileError) { bytes = try AtomicFile.read(logStart, atMost: 1 << 20) } catch {
            throw DriverError(.stateUnreadable, error.description)
        }
        return try bytes.map { bytes throws(DriverError) in try LogStart(String(decoding: bytes, as: UTF8.self)) }
    }
}
