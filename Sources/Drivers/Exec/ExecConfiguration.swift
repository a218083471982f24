// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
package import SystemPackage

/// How a driver program is run.
package struct ExecConfiguration: Sendable {
    /// What the operator wants.
    let settings: ExecSettings
    /// The program's own directory for state.
    let programFolder: FilePath
    /// Whether the program must change nothing: in a dry run, and in a command while an agent runs.
    let isReadOnly: Bool
    /// The name and the release of the agent, which the program is given.
    let agent: (name: String, release: String)
    /// How long a change may take without progress.
    var changeTimeout: Duration
    /// How long a change may take with progress.
    var progressLimit: Duration
    /// The limits that no operator sets.
    var limits = TimeLimits()

    /// Creates a configuration.
    ///
    /// - Parameters:
    ///   - settings: What the operator wants.
    ///   - stateFolder: The agent's directory for state; the program has the directory `exec` in it.
    ///   - isReadOnly: Whether the program must change nothing.
    ///   - agent: The name and the release of the agent.
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
