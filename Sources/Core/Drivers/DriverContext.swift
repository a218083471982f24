// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import Logging

/// What the agent gives a driver that is made.
public struct DriverContext: Sendable {
    /// The directory for state that survives the agent, absolute.
    ///
    /// It may not exist yet. Give your files names of their own.
    public let stateDirectory: String
    /// The logger to use.
    public let logger: Logger
    /// The name of the agent's program, such as `steelyard`.
    public let agentName: String
    /// Which version of the agent's program this is.
    public let release: Release
    /// Whether files must be left as they are and the device must not be changed: another agent may be running, or
    /// changes are only previewed.
    public let isReadOnly: Bool
    /// Keeps descriptors for the agent's next process.
    package let descriptors: any DescriptorStore

    /// Creates a context, such as for a test.
    public init(
        stateDirectory: String,
        logger: Logger,
        agentName: String = "agent",
        release: Release = Release(version: "0.0", release: "0.0"),
        isReadOnly: Bool = false
    ) {
        self.init(
            stateDirectory: stateDirectory,
            logger: logger,
            agentName: agentName,
            release: release,
            isReadOnly: isReadOnly,
            descriptors: NoDescriptorStore()
        )
    }

    /// Creates a context.
    package init(
        stateDirectory: String,
        logger: Logger,
        agentName: String,
        release: Release,
        isReadOnly: Bool,
        descriptors: any DescriptorStore
    ) {
        self.stateDirectory = stateDirectory
        self.logger = logger
        self.agentName = agentName
        self.release = release
        self.isReadOnly = isReadOnly
        self.descriptors = descriptors
    }
}
