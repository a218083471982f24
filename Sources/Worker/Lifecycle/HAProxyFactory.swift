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
            serviceManager: context.serviceManager
        )
    }

    /// - Throws: `ConfigurationError` where HAProxy cannot be run with these settings.
    static func render(_ wanted: LoadBalancerSet, _ configuration: WorkerConfiguration) throws -> String {
        HAProxyRenderer(try settings(configuration)).render(wanted)
    }

    /// - Throws: `ConfigurationError` where HAProxy cannot be run with these settings.
    static func plan(
        from old: LoadBalancerSet,
        to wanted: LoadBalancerSet,
        _ configuration: WorkerConfiguration
    ) throws -> String {
        HAProxyRenderer(try settings(configuration)).describeChange(from: old, to: wanted)
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
                logRotateBytes: configuration.haproxy.logRotateBytes,
                logRotateCount: configuration.haproxy.logRotateCount
            )
        } catch {
            throw ConfigurationError(error.option, error.problem)
        }
    }
}
