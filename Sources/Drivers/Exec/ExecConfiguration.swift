// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore
public import SystemPackage

/// How a driver program is run.
public struct ExecConfiguration: Sendable {
    /// The program's file, as an absolute path, and its arguments.
    public let command: [String]
    /// The agent's folder for state; the program has the folder `exec` in it for its own.
    public let stateFolder: FilePath
    /// Whether the program is to change nothing: a dry run, or a command beside a running agent.
    public var isReadOnly = false
    /// How long a change may take without progress, 1 to 3,600 s.
    public var changeTimeout = Duration.seconds(30)
    /// How long a change may take with progress, up to 86,400 s.
    public var progressLimit = Duration.seconds(600)
    /// What the program is given as `settings`; without secrets.
    public var settings: [JSONFragment.Member] = []
    /// The agent's name and version, which the program is given.
    public var agent = (name: "steelyard", version: "unknown")
    /// The limits that no user sets.
    var limits = TimeLimits()

    /// Creates a configuration.
    ///
    /// - Parameters:
    ///   - command: The program's file, as an absolute path, and its arguments.
    ///   - stateFolder: The agent's folder for state.
    /// - Throws: `InvalidValue` for a command that is empty, or whose program is not an absolute path.
    public init(command: [String], stateFolder: FilePath) throws(InvalidValue) {
        guard let program = command.first, !program.isEmpty else {
            throw InvalidValue("must name a program; for example [\"/usr/local/libexec/my-driver\"]")
        }
        guard program.hasPrefix("/") else {
            throw InvalidValue("must begin with an absolute path, not \(Excerpt.quote(program))")
        }
        guard !command.contains(where: { $0.utf8.contains(0) }) else {
            throw InvalidValue("must not contain a NUL character")
        }
        self.command = command
        self.stateFolder = stateFolder
    }

    /// The program's own folder for state.
    var programFolder: FilePath { stateFolder.appending("exec") }
}
