// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import Logging
public import SteelyardCore
package import SteelyardSystem

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
    private let rotation: LogRotation
    private let logger: Logger

    /// Creates a driver; it does nothing to the device before the first message, or ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: How HAProxy is run.
    ///   - logger: Takes what happens to HAProxy; no message's content.
    /// - Throws: `HAProxyConfigurationError` for an option that does not fit this device, and `ThreadError`.
    public convenience init(configuration: HAProxyConfiguration, logger: Logger) throws {
        try self.init(configuration: configuration, logger: logger, serviceManager: .none)
    }

    /// Creates a driver that keeps its connections to old workers with a service manager, and reports every step of a
    /// change.
    package init(
        configuration: HAProxyConfiguration,
        logger: Logger,
        serviceManager: ServiceManager = .none,
        onStep: @escaping @Sendable (ChangeStep) -> Void = { _ in }
    ) throws {
        try configuration.requireAccounts()
        self.logger = logger
        let renderer = HAProxyRenderer(configuration)
        let service = configuration.makeService()
        files = DeviceFiles(configuration)
        store = DeviceStore(files.state, logger)
        rotation = LogRotation(
            files,
            bytes: configuration.logRotateBytes,
            count: configuration.logRotateCount,
            logger
        )
        meter = try Meter(
            service,
            files,
            logger,
            oldWorkerLimits: OldWorkerLimits(hardStopAfter: .seconds(configuration.hardStopAfter)),
            serviceManager: serviceManager
        )
        reader = try StatusReader(files.adminSocket)
        device = try HAProxyDevice(renderer, service, store, meter, logger, onStep: onStep)
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

    /// Serves exactly these load balancers, by the cheapest safe way there: see <doc:Changes>.
    ///
    /// - Throws: `DriverError`: `rejected` and `addressInUse` with the field at fault, `stateUnwritable`, `unavailable`
    ///   and `timedOut`. HAProxy then serves what it served before.
    public func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        defer { supervisor.changed.yield() }
        try await device.apply(wanted)
    }

    /// Closes the ports at once and the connections after the configuration's grace; checks and counters go on.
    ///
    /// - Throws: `DriverError`.
    public func suspend() async throws(DriverError) {
        defer { supervisor.changed.yield() }
        try await device.suspend()
    }

    /// Opens the ports again, without a reload where HAProxy has run all the time.
    ///
    /// - Throws: `DriverError`.
    public func enable() async throws(DriverError) {
        defer { supervisor.changed.yield() }
        try await device.enable()
    }

    /// Stops HAProxy, and removes its configuration, the last good one, the logs and the usage.
    ///
    /// - Throws: `DriverError`.
    public func delete() async throws(DriverError) {
        defer { supervisor.changed.yield() }
        try await device.delete()
    }

    /// Has HAProxy check what a change would render, and tells the lines that would be different.
    ///
    /// - Throws: `DriverError`.
    public func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        try await device.preview(change)
    }

    /// Asks HAProxy for the states of the nodes; where it is just starting again, waits for it within the second.
    ///
    /// - Throws: `DriverError`: `notRunning`, `timedOut`, `unavailable`.
    public func status() async throws(DriverError) -> DeviceStatus {
        try await reader.status(isPausing: { [store] in store.isPausing }, of: { [store] in store.state })
    }

    /// The version of the committed state, from memory; HAProxy is not asked.
    public func configurationVersion() async throws(DriverError) -> ConfigurationVersion? {
        store.state.served?.set.version
    }

    /// Reads the counters of all workers, and reports what was sent to clients since the last committed report.
    ///
    /// - Throws: `DriverError`: also if a worker does not answer; what it has sent stays for the next report.
    public func usage() async throws(DriverError) -> UsageReport {
        _ = try store.state.requireServed()
        return try await meter.report()
    }

    /// Takes note that a report was delivered, in memory and on disk.
    public func commit(_ report: UsageReport) async throws(DriverError) {
        await meter.commit(report)
    }

    /// Opens HAProxy's log and its rotated siblings as they are now; one that is not there has no lines.
    ///
    /// - Throws: `DriverError`.
    public func openLog() async throws(DriverError) -> any OpenedLog {
        _ = try store.state.requireServed()
        let log: Result<HAProxyLog, DriverError>
        do throws(ThreadError) {
            // It waits for a rotation to end.
            log = try await DedicatedThread.run(name: "haproxy-log") { [files, logger] in
                Result { () throws(DriverError) in try HAProxyLog(files.log, start: files.readLogStart(), logger) }
            }
        } catch { throw DriverError(.logUnavailable, "cannot open HAProxy's log: \(error)") }
        return try log.get()
    }

    /// Looks for changes that were not made by this driver, as ``run()`` does every few seconds.
    func lookForDrift() async { await device.lookForDrift() }

    /// Keeps HAProxy running while it should, and its counters read, until the task is cancelled.
    public func run() async throws {
        async let rotating: Void = rotation.run()
        await supervisor.run()
        await rotating
    }
}
