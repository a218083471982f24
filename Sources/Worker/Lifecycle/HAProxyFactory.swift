// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HAProxyDriver
import SteelyardCore

/// Makes the HAProxy driver of the configuration.
enum HAProxyFactory {
    /// - Throws: `ConfigurationError` where HAProxy cannot be run with these settings.
    static func makeDriver(_ context: DriverContext) throws -> any LoadBalancerDriver {
        try HAProxyDriver(
            configuration: check(context.configuration),
            logger: context.logger,
            serviceManager: context.serviceManager,
            isReadOnly: context.isReadOnly
        )
    }

    /// Renders an UPDATE.
    ///
    /// - Parameter old: What the change is to be described from, in place of the configuration; nil for none.
    /// - Throws: `ConfigurationError` where HAProxy cannot be run with these settings, and `DriverError` where this device
    ///   would refuse the UPDATE.
    static func render(
        _ wanted: LoadBalancerSet,
        against old: LoadBalancerSet? = nil,
        _ configuration: WorkerConfiguration
    ) throws -> String {
        let renderer = HAProxyRenderer(try settings(configuration))
        try renderer.check(wanted)
        return old.map { renderer.describeChange(from: $0, to: wanted) + "\n" } ?? renderer.render(wanted)
    }

    /// - Throws: `ConfigurationError` where HAProxy cannot be run with these settings on this device.
    @discardableResult
    static func check(_ configuration: WorkerConfiguration) throws -> HAProxyConfiguration {
        let settings = try settings(configuration)
        do { try settings.requireAccounts() } catch { throw ConfigurationError(error.option, error.problem) }
        return settings
    }

    private static func settings(_ configuration: WorkerConfiguration) throws -> HAProxyConfiguration {
        do {
            return try HAProxyConfiguration(
                service: HAProxyConfiguration.Service(rawValue: configuration.haproxy.service) ?? .process,
                binary: configuration.haproxy.binary,
                stateDirectory: configuration.stateDirectory,
                config: configuration.haproxy.config,
                masterSocket: configuration.haproxy.masterSocket,
                log: configuration.haproxy.log,
                logTarget: configuration.haproxy.logTarget,
                user: configuration.haproxy.user,
                group: configuration.haproxy.group,
                maxConnections: configuration.haproxy.maximumConnections,
                suspendGrace: configuration.haproxy.suspendGrace,
                hardStopAfter: configuration.haproxy.hardStopAfter,
                statsBind: configuration.haproxy.statsBind,
                deniedNodes: configuration.haproxy.deniedNodes,
                bufferSize: configuration.haproxy.bufferSize,
                maxHeaders: configuration.haproxy.maxHeaders,
                logLineBytes: configuration.haproxy.logLineBytes,
                logsEmptyConnections: configuration.haproxy.logsEmptyConnections,
                logRotateBytes: configuration.haproxy.logRotateBytes,
                logRotateCount: configuration.haproxy.logRotateCount,
                logRotated: configuration.haproxy.logRotated
            )
        } catch {
            throw ConfigurationError(error.option, error.problem)
        }
    }
}
