// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import CoreMetrics
public import Logging

/// The agent's parameters for a new driver.
public struct DriverContext: Sendable {
    /// The absolute path of the directory for persistent state.
    ///
    /// It may not exist yet. Use file names that are unique to the driver.
    public let stateDirectory: String
    /// The absolute path of the directory for certificates and private keys, which the operator may have put on a file
    /// system in memory; nil for a directory `tls` in ``stateDirectory``.
    public let keyDirectory: String?
    /// The logger to use.
    public let logger: Logger
    /// The name of the agent's executable, such as `steelyard`.
    public let agentName: String
    /// The version of the agent.
    public let release: Release
    /// Whether files and the device must not be changed: another agent may be running, or changes are only previewed.
    public let isReadOnly: Bool
    /// The factory for the driver's own metrics, such as `Counter(label: "my_retries", factory: context.metrics)`.
    ///
    /// The agent exports them with its own. Labels must have few values: the agent keeps at most 2,000 series.
    public let metrics: any MetricsFactory
    /// Keeps descriptors for the agent's next process.
    package let descriptors: any DescriptorStore

    /// Creates a context, for example for a test.
    public init(
        stateDirectory: String,
        keyDirectory: String? = nil,
        logger: Logger,
        agentName: String = "agent",
        release: Release = Release(version: "0.0", release: "0.0"),
        isReadOnly: Bool = false,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) {
        self.init(
            stateDirectory: stateDirectory,
            keyDirectory: keyDirectory,
            logger: logger,
            agentName: agentName,
            release: release,
            isReadOnly: isReadOnly,
            metrics: metrics,
            descriptors: NoDescriptorStore()
        )
    }

    /// Creates a context.
    package init(
        stateDirectory: String,
        keyDirectory: String?,
        logger: Logger,
        agentName: String,
        release: Release,
        isReadOnly: Bool,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        descriptors: any DescriptorStore
    ) {
        self.stateDirectory = stateDirectory
        self.keyDirectory = keyDirectory
        self.logger = logger
        self.agentName = agentName
        self.release = release
        self.isReadOnly = isReadOnly
        self.metrics = metrics
        self.descriptors = descriptors
    }
}
