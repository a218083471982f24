// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import Logging
public import SteelyardCore

/// Makes HAProxy serve what the messages ask for.
public final class HAProxyDriver: LoadBalancerDriver {
    private let configuration: HAProxyConfiguration
    private let logger: Logger

    /// Creates a driver; it does nothing to the device before the first message, or ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: How HAProxy is run.
    ///   - logger: Takes what happens to HAProxy; no message's content.
    /// - Throws: `HAProxyConfigurationError` for an option that does not fit this device, and `ThreadError`.
    public init(configuration: HAProxyConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
    }

    public func apply(_ wanted: LoadBalancerSet) async throws(DriverError) { throw Self.unfinished }
    public func suspend() async throws(DriverError) { throw Self.unfinished }
    public func enable() async throws(DriverError) { throw Self.unfinished }
    public func delete() async throws(DriverError) { throw Self.unfinished }
    public func preview(_ change: DeviceChange) async throws(DriverError) -> String { throw Self.unfinished }
    public func status() async throws(DriverError) -> DeviceStatus { throw Self.unfinished }
    public func usage() async throws(DriverError) -> UsageReport { throw Self.unfinished }
    public func commit(_ report: UsageReport) async throws(DriverError) { throw Self.unfinished }
    public func openLog(of metered: MeteredProtocol) async throws(DriverError) -> any OpenedLog {
        throw Self.unfinished
    }

    private static var unfinished: DriverError { DriverError(.unsupported, "is not written yet") }
}
