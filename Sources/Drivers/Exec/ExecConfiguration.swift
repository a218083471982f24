// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
package import SystemPackage

/// The configuration of the driver `exec`.
package struct ExecConfiguration: Sendable {
    /// The operator's settings.
    let settings: ExecSettings
    /// The program's state directory.
    let programFolder: FilePath
    /// Whether the program must not change anything: in a dry run, and in a command while an agent runs.
    let isReadOnly: Bool
    /// The agent's name and release, which the program receives.
    let agent: (name: String, release: String)
    /// The time-out of a change without progress.
    var changeTimeout: Duration
    /// The time-out of a change with progress.
    var progressLimit: Duration
    /// The time-outs that are not configurable.
    var limits = TimeLimits()

    /// Creates a configuration.
    ///
    /// - Parameters:
    ///   - settings: The operator's settings.
    ///   - stateFolder: The agent's state directory; the program gets its subdirectory `exec`.
    ///   - isReadOnly: Whether the program must not change anything.
    ///   - agent: The agent's name and release.
    package init(
        _ settings: ExecSettings,
        stateFolder: FilePath,
        isReadOnly: Bool = false,
        agent: (name: String, release: String)
    ) {
        self.settings = settings
        self.isReadOnly = isReadOnly
        self.agent = agent
        programFolder = stateFolder.appending(ExecSettings.group)
        changeTimeout = .seconds(settings.timeout)
        progressLimit = .seconds(settings.progressLimit)
    }
}
