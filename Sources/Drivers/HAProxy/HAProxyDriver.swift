// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import Logging
public import SteelyardCore
import SteelyardSystem

/// Makes HAProxy serve what the messages ask for.
///
/// HAProxy runs in master-worker mode, in a session of its own: it outlives the agent and is adopted by the next one.
/// What was asked for is kept in the state's folder, and ``run()`` sees to it that HAProxy serves it: after a crash of
/// either, and after a restart of the device.
public final class HAProxyDriver: LoadBalancerDriver {
    private let device: HAProxyDevice
    private let store: DeviceStore
    private let meter: Meter
    private let reader: StatusReader
    private let files: DeviceFiles
    private let supervisor: Supervisor

    /// Creates a driver; it does nothing to the device before the first message, or ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: How HAProxy is run.
    ///   - logger: Takes what happens to HAProxy; no message's content.
    /// - Throws: `HAProxyConfigurationError` for an option that does not fit this device, and `ThreadError`.
    public init(configuration: HAProxyConfiguration, logger: Logger) throws {
        try configuration.requireAccounts()
        let renderer = HAProxyRenderer(configuration)
        let service = ProcessService(configuration)
        files = DeviceFiles(configuration)
        store = DeviceStore(files.state, logger)
        meter = try Meter(service, files.usage, logger)
        reader = try StatusReader(files.adminSocket)
        device = try HAProxyDevice(renderer, service, store, meter, logger)
        let (changes, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        supervisor = Supervisor(
            device: device,
            meter: meter,
            store: store,
            changes: changes,
            changed: changed,
            logger: logger
        )
    }

    public func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        defer { supervisor.changed.yield() }
        try await device.apply(wanted)
    }

    public func suspend() async throws(DriverError) {
        defer { supervisor.changed.yield() }
        try await device.suspend()
    }

    public func enable() async throws(DriverError) {
        defer { supervisor.changed.yield() }
        try await device.enable()
    }

    public func delete() async throws(DriverError) {
        defer { supervisor.changed.yield() }
        try await device.delete()
    }

    public func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        try await device.preview(change)
    }

    public func status() async throws(DriverError) -> DeviceStatus {
        switch store.state {
        case .notConfigured: .notConfigured
        case .deleted: .deleted
        case .suspended: .suspended
        case .serving(let served): .serving(try await reader.states(of: served.set))
        }
    }

    public func usage() async throws(DriverError) -> UsageReport {
        _ = try store.state.requireServed()
        return try await meter.report()
    }

    public func commit(_ report: UsageReport) async throws(DriverError) {
        await meter.commit(report)
    }

    public func openLog(of metered: MeteredProtocol) async throws(DriverError) -> any OpenedLog {
        _ = try store.state.requireServed()
        return try HAProxyLog(files.log, metered)
    }

    /// Keeps HAProxy running while it should, and its counters read, until the task is cancelled.
    public func run() async throws {
        await supervisor.run()
    }
}
