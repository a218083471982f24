// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import Logging
import NoOpDriver
public import SteelyardCore
package import SteelyardSystem

/// What a registered driver is made of.
public struct DriverContext: Sendable {
    /// The effective configuration.
    public let configuration: WorkerConfiguration
    /// The logger to inherit.
    public let logger: Logger
    /// Keeps descriptors for the agent's next process.
    package let serviceManager: ServiceManager
    /// Whether the state is left as it is: an agent may be running.
    package let isReadOnly: Bool
}

extension DriverRegistry<DriverContext> {
    /// The drivers that come with Steelyard: `haproxy` and `noop`.
    public static var standard: DriverRegistry<DriverContext> {
        DriverRegistry()
            .registering("haproxy") { try HAProxyFactory.makeDriver($0) }
            .registering("noop") { _ in NoOpDriver() }
    }
}
