// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Applies messages to a device.
///
/// A driver receives the complete desired state, never a step towards it, and finds the cheapest safe way there. The
/// contract suite of `SteelyardTestSupport` checks these rules for every driver:
///
/// - **Changes** (`apply`, `suspend`, `enable`, `delete`) arrive one at a time, in the order in which they were queued.
///   Each either succeeds, and the device is as requested, or throws, and the device is unchanged. Each may be
///   repeated, because Gearman reassigns a job if its worker dies.
/// - **Reads** (`status`, `configurationVersion`, `usage`, `openLog`) may arrive at any time, even during a change, and
///   do not wait for it.
/// - **The version** is stored with the configuration, committed in the same step, and never compared: the dispatcher
///   rejects stale versions before it calls a driver.
/// - An unsupported request is a ``DriverError`` with the code `unsupported`; the reply then names the driver and the
///   action. `preview`, `usage`, `commit`, `openLog`, `proxyStatus` and `run` are optional.
public protocol LoadBalancerDriver: Sendable {
    /// Serves exactly these load balancers; on a suspended device, after the next `enable`.
    ///
    /// Stores the version with the configuration, even if only the version differs.
    ///
    /// - Throws: `DriverError`; the device then serves the same load balancers as before, with the same version.
    func apply(_ wanted: LoadBalancerSet) async throws(DriverError)

    /// Stops serving, but keeps the configuration. Does nothing on a suspended device.
    ///
    /// - Throws: `DriverError` with the code `notConfigured` or `deleted` if there is nothing to suspend.
    func suspend() async throws(DriverError)

    /// Serves a suspended configuration again. Does nothing on a serving device.
    ///
    /// - Throws: `DriverError` with the code `notConfigured` or `deleted` if there is nothing to serve.
    func enable() async throws(DriverError)

    /// Stops serving, and removes the configuration, its backup and the logs. Does nothing on a deleted device.
    ///
    /// - Throws: `DriverError`.
    func delete() async throws(DriverError)

    /// Validates a change without making it, and describes the difference.
    ///
    /// - Parameter change: The change.
    /// - Returns: The difference, one or more lines, for the log; empty if nothing would change.
    /// - Throws: The `DriverError` that the change would throw, as far as it can be known.
    func preview(_ change: DeviceChange) async throws(DriverError) -> String

    /// Returns the status of the device and its nodes, within a second.
    ///
    /// - Throws: `DriverError` if the device should serve but does not, or if its status is unavailable.
    func status() async throws(DriverError) -> DeviceStatus

    /// Returns the status of the proxy, for STATS; called after ``status()``.
    ///
    /// It must return within 100 ms. Optional.
    ///
    /// - Returns: nil if there is no proxy.
    func proxyStatus() async -> ProxyStatus?

    /// Returns the certificates that the device shows, for STATS, from memory or its own files. Optional.
    func certificates() async -> [CertificateStatus]

    /// What the driver and its proxy can do, for DISCOVER. Optional.
    var features: [DriverFeature] { get }

    /// Returns the version of the device's current or suspended configuration.
    ///
    /// It is the version of the last successful `apply`. It persists like the configuration, until a `delete`. It is
    /// read before each UPDATE with a version and by STATS, so it should cost little and must not depend on a running
    /// proxy.
    ///
    /// - Returns: nil if the last `apply` had no version, or if nothing is configured.
    /// - Throws: `DriverError` if the driver's state cannot be read.
    func configurationVersion() async throws(DriverError) -> ConfigurationVersion?

    /// Returns the bytes sent to clients since the last committed report.
    ///
    /// - Throws: `DriverError` with the code `notConfigured` or `deleted`, or if the ledger cannot be read.
    func usage() async throws(DriverError) -> UsageReport

    /// Records that a report has reached the control plane: the next one starts at its end.
    ///
    /// An uncommitted report is included in the next one, so that a lost reply loses no usage. Committing a report
    /// twice, or one older than the last committed report, does nothing.
    func commit(_ report: UsageReport) async throws(DriverError)

    /// Opens the log of all load balancers, including rotated files, as of now: files removed later can still be read.
    /// It needs no configuration.
    ///
    /// - Throws: `DriverError` with the code `deleted` after a `delete`, and if the log cannot be read.
    func openLog() async throws(DriverError) -> any OpenedLog

    /// Runs the driver's background work, such as supervising a process; returns at graceful shutdown.
    ///
    /// Optional.
    func run() async throws
}

extension LoadBalancerDriver {
    /// Throws `unsupported`: a dry run of a change then fails.
    public func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        throw DriverError(.unsupported, "it cannot preview changes")
    }

    /// Throws `unsupported`: a METRICS then fails.
    public func usage() async throws(DriverError) -> UsageReport {
        throw DriverError(.unsupported, "it does not count bytes")
    }

    /// Does nothing: there are no reports.
    public func commit(_ report: UsageReport) async throws(DriverError) {}

    /// Throws `unsupported`: an ARCHIVE then fails.
    public func openLog() async throws(DriverError) -> any OpenedLog {
        throw DriverError(.unsupported, "it has no log")
    }

    /// Returns none.
    public func certificates() async -> [CertificateStatus] { [] }

    /// None.
    public var features: [DriverFeature] { [] }

    /// Returns nil.
    public func proxyStatus() async -> ProxyStatus? { nil }

    /// Returns immediately.
    public func run() async throws {}
}
