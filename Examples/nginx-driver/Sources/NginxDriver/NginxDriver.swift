// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Logging
public import SteelyardCore

/// Makes nginx serve load balancers: HTTP in `http {}`, TCP and GALERA in `stream {}`.
///
/// Open-source nginx only changes by a new configuration. The driver renders it, lets nginx check it, replaces the
/// file, sends SIGHUP, and returns once no worker with the old configuration accepts connections. nginx outlives the
/// agent; the next agent finds it by its open files.
public final class NginxDriver: LoadBalancerDriver {
    private let device: NginxDevice
    /// Changes block; they run one at a time, on a thread outside Swift's cooperative pool.
    private let changes = BlockingQueue(label: "nginx-driver.changes")
    /// Reading also blocks, but does not wait for changes.
    private let readings = BlockingQueue(label: "nginx-driver.readings", attributes: .concurrent)
    /// An element for each change and each end of nginx; ``run()`` then checks nginx.
    private let wakeUps = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Creates a driver; it reads its state, but changes nothing before ``run()`` or a change.
    ///
    /// - Throws: `DriverError` with the code `stateUnreadable` if the state file is corrupt.
    public init(settings: NginxSettings, context: DriverContext) throws(DriverError) {
        device = try NginxDevice(settings: settings, directory: NginxDirectory(in: context), logger: context.logger)
    }

    /// Serves exactly these load balancers.
    ///
    /// - Throws: `DriverError` with the code `unsupported` and a field for a feature that nginx lacks.
    public func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        try await perform(.apply(wanted))
    }

    /// Closes the listeners, and ends the connections after the grace period.
    public func suspend() async throws(DriverError) { try await perform(.suspend) }

    /// Opens the listeners again.
    public func enable() async throws(DriverError) { try await perform(.enable) }

    /// Ends nginx, and removes its files.
    public func delete() async throws(DriverError) { try await perform(.delete) }

    private func perform(_ change: DeviceChange) async throws(DriverError) {
        defer { wakeUps.continuation.yield() }
        try await changes.run { [device] () throws(DriverError) in try device.perform(change) }
    }

    /// Checks a change with `nginx -t`, and returns the difference between the configurations.
    public func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        try await readings.run { [device] () throws(DriverError) in try device.preview(change) }
    }

    /// Checks whether nginx serves, and lists the nodes.
    ///
    /// nginx does not report the state of nodes: an enabled node is `UP`, with the reason that it is not checked.
    public func status() async throws(DriverError) -> DeviceStatus {
        try await readings.run { [device] () throws(DriverError) in try device.status() }
    }

    /// Describes the running nginx.
    public func proxyStatus() async -> ProxyStatus? {
        try? await readings.run { [device] () throws(DriverError) in device.proxyStatus() }
    }

    /// The version that was stored with the load balancers.
    public func configurationVersion() async throws(DriverError) -> ConfigurationVersion? {
        device.state.set?.version
    }

    /// Always fails: open-source nginx does not count bytes.
    public func usage() async throws(DriverError) -> UsageReport {
        try device.state.requireConfigured()
        throw DriverError(.unsupported, "nginx does not count the bytes that it sends")
    }

    /// Does nothing: there are no reports.
    public func commit(_ report: UsageReport) async throws(DriverError) {}

    /// Opens the access logs.
    public func openLog() async throws(DriverError) -> any OpenedLog {
        guard device.state != .deleted else {
            throw DriverError(.deleted, "there are no logs: the load balancer was deleted; send an UPDATE")
        }
        return try await readings.run { [device] () throws(DriverError) in try AccessLogs(device.directory) }
    }

    /// Starts nginx if it must run, and restarts it when it ends, until the task is cancelled.
    public func run() async throws {
        let (wakeUps, wakeUp) = (wakeUps.stream, wakeUps.continuation)
        wakeUp.yield()
        var watch: ProcessHandle.Notification?
        defer { watch?.cancel() }
        for await _ in wakeUps {
            watch?.cancel()
            do throws(DriverError) {
                let master = try await changes.run { [device] () throws(DriverError) in try device.reconcile() }
                watch = master?.notifyOfEnd { wakeUp.yield() }
            } catch {
                device.logger.error("nginx not running; retrying in 1 s", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .seconds(1))
                wakeUp.yield()
            }
        }
    }
}
