// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// Where the driver keeps what.
struct DeviceFiles: Hashable, Sendable {
    /// What HAProxy runs.
    let config: FilePath
    /// What HAProxy writes to its standard output: its log.
    let log: FilePath
    private let folder: FilePath

    init(_ configuration: HAProxyConfiguration) {
        config = configuration.config
        log = configuration.log
        folder = configuration.stateDirectory
    }

    /// What is to be checked before it becomes ``config``.
    var candidate: FilePath { FilePath(config.string + ".candidate") }
    /// What was served before.
    var lastGood: FilePath { FilePath(config.string + ".last-good") }
    /// What HAProxy said while it started.
    var startLog: FilePath { folder.appending("haproxy-start.log") }
    /// What was asked for.
    var state: FilePath { folder.appending("state.json") }
    /// What was metered.
    var usage: FilePath { folder.appending("usage.json") }
    /// What was found in place of the state and could not be understood.
    var setAside: [FilePath] { [state, usage].map(\.aside) }
    /// Where the workers take commands.
    var adminSocket: FilePath { folder.appending("admin.sock") }
    /// Where the master takes commands.
    var masterSocket: FilePath { folder.appending("master.sock") }

    var longestSocket: FilePath { masterSocket }
    /// The folder that all of it is in, but for what the operator placed elsewhere.
    var stateFolder: FilePath { folder }
}
