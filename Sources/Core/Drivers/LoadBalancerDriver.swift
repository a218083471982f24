// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Makes a device do what its messages ask for.
///
/// A driver is given the whole state that is wanted, never a step towards it, and finds the cheapest safe way there.
/// The rules, which the contract suite of `SteelyardTestSupport` checks for any driver:
///
/// - **Changes** (`apply`, `suspend`, `enable`, `delete`) come one at a time, in the order in which they were queued.
///   Each either succeeds, and the device then is as asked, or throws, and the device is as before. Each may come
///   again, because Gearman hands a job out again when a worker dies with it.
/// - **Reading** (`status`, `configurationVersion`, `usage`, `openLog`) may come at any time, during a change too, and
///   waits for none.
/// - **The version** of the configuration is kept with the configuration, committed in the same step, and never compared:
///   the dispatcher has refused what is stale before a driver is called.
/// - What a driver cannot do is a ``DriverError`` with the code `unsupported`; the reply then names the driver and the action.
///   It need not implement `preview`, `usage`, `commit`, `openLog`, `proxyStatus` and `run`.
public protocol LoadBalancerDriver: Sendable {
    /// Serves exactly these load balancers; on a suspended device, from the next `enable` on.
    ///
    /// The version of the configuration is kept with it, also where only the version differs.
    ///
    /// - Throws: `DriverError`; the device then serves exactly what it served before, with the version of before.
    func apply(_ wanted: LoadBalancerSet) async throws(DriverError)

    /// Stops serving, and keeps the configuration. A suspended device stays suspended.
    ///
    /// - Throws: `DriverError` with the code `notConfigured` or `deleted` where there is nothing to suspend.
    func suspend() async throws(DriverError)

    /// Serves again what was suspended. A device that serves goes on.
    ///
    /// - Throws: `DriverError` with the code `notConfigured` or `deleted` where there is nothing to serve.
    func enable() async throws(DriverError)

    /// Stops serving, and removes the configuration, its backup and the logs. A deleted device stays deleted.
    ///
    /// - Throws: `DriverError`.
    func delete() async throws(DriverError)

    /// Does all of a change but the change: checks whether it could be made, and describes what would be different.
    ///
    /// - Parameter change: The change.
    /// - Returns: The difference, one line or many, for the log; empty where nothing would change.
    /// - Throws: The `DriverError` that the change itself would throw, as far as it is known.
    func preview(_ change: DeviceChange) async throws(DriverError) -> String

    /// Says how the device and its nodes are, within a second.
    ///
    /// - Throws: `DriverError` where the device should serve and does not, or where it cannot be asked.
    func status() async throws(DriverError) -> DeviceStatus

    /// Describes the program that serves, for STATS; called after ``status()``.
    ///
    /// It must answer within 100 ms. A driver without such a program need not implement it.
    ///
    /// - Returns: nil where there is nothing to say.
    func proxyStatus() async -> ProxyStatus?

    /// The version of the configuration that the device serves, or keeps while it is suspended.
    ///
    /// It is that of the last successful `apply`. It outlives the agent as the configuration does, and ends with a
    /// `delete`. It is read before each UPDATE that has a version, and by STATS, so it should cost little; it is known
    /// also where the proxy does not run.
    ///
    /// - Returns: nil where the last `apply` had no version, and where nothing is configured.
    /// - Throws: `DriverError` where the driver's state cannot be read.
    func configurationVersion() async throws(DriverError) -> ConfigurationVersion?

    /// Says how many bytes were sent to clients since the last committed report.
    ///
    /// - Throws: `DriverError` with the code `notConfigured` or `deleted`, or where the ledger cannot be read.
    func usage() async throws(DriverError) -> UsageReport

    /// Takes note that a report has reached the control plane: the next one begins where it ended.
    ///
    /// A report that is never committed is contained in the next, so that a lost reply loses no usage. Committing one
    /// twice, or one that is older than the last committed, does nothing.
    func commit(_ report: UsageReport) async throws(DriverError)

    /// Opens the log of all load balancers, with what has been rotated of it, as it is at this moment: what is removed
    /// later can still be read. It needs no configuration: a device without one ships what its log has.
    ///
    /// - Throws: `DriverError` with the code `deleted` after a `delete`, and where the log cannot be read.
    func openLog() async throws(DriverError) -> any OpenedLog

    /// Does what the driver has to do all the time, such as watching a process; returns at graceful shutdown.
    ///
    /// A driver that has nothing to do need not implement it.
    func run() async throws
}

extension LoadBalancerDriver {
    /// Cannot be done: a dry run of a change is then a FAIL.
    public func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        throw DriverError(.unsupported, "it cannot show a change without making it")
    }

    /// Cannot be done: a METRICS is then a FAIL.
    public func usage() async throws(DriverError) -> UsageReport {
        throw DriverError(.unsupported, "it does not count bytes")
    }

    /// Does nothing: there are no reports.
    public func commit(_ report: UsageReport) async throws(DriverError) {}

    /// Cannot be done: an ARCHIVE is then a FAIL.
    public func openLog() async throws(DriverError) -> any OpenedLog {
        throw DriverError(.unsupported, "it has no log")
    }

    /// Returns nil.
    public func proxyStatus() async -> ProxyStatus? { nil }

    /// Returns at once.
    public func run() async throws {}
}
