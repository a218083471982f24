// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore
import Synchronization

/// Keeps the device's state in memory and answers as a healthy device would; it touches nothing.
///
/// It is the reference that shows how a driver is written: every rule of ``LoadBalancerDriver`` in its simplest form.
package final class NoOpDriver: LoadBalancerDriver {
    private let device = Mutex(SimulatedDevice())
    private let now: @Sendable () -> UTCTimestamp

    /// Creates a driver for a device that has been given nothing to serve.
    ///
    /// - Parameter now: The clock, for the reports of usage.
    package init(now: @escaping @Sendable () -> UTCTimestamp = { .now }) {
        self.now = now
    }

    /// Takes note of what is to be served.
    package func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        try change(.apply(wanted))
    }

    /// Takes note that nothing is to be served.
    package func suspend() async throws(DriverError) {
        try change(.suspend)
    }

    /// Takes note that everything is to be served again.
    package func enable() async throws(DriverError) {
        try change(.enable)
    }

    /// Forgets everything.
    package func delete() async throws(DriverError) {
        try change(.delete)
    }

    /// Describes the state after a change.
    package func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        // A copy is changed, so that a preview fails exactly where the change would.
        var copy = device.withLock { $0 }
        let before = copy
        try copy.perform(change, at: now())
        return copy.phase == before.phase ? "" : "\(before.phase) becomes \(copy.phase)"
    }

    /// Says that every node is as its condition wants it.
    package func status() async throws(DriverError) -> DeviceStatus {
        device.withLock { $0.status }
    }

    /// Everything: it serves nothing.
    package var features: [DriverFeature] { DriverFeature.all }

    /// Says which version the last configuration was given.
    package func configurationVersion() async throws(DriverError) -> ConfigurationVersion? {
        device.withLock { $0.version }
    }

    /// Reports no bytes, over the time since the last committed report.
    package func usage() async throws(DriverError) -> UsageReport {
        try device.withLock { device throws(DriverError) in try device.usage(until: now()) }
    }

    /// Takes note of where the next report begins.
    package func commit(_ report: UsageReport) async throws(DriverError) {
        device.withLock { $0.commit(report) }
    }

    /// Opens a log without lines; a deleted device has none.
    package func openLog() async throws(DriverError) -> any OpenedLog {
        guard device.withLock({ $0.phase }) != .deleted else { throw DriverError.noLogs }
        return EmptyLog()
    }

    /// The state at this moment.
    var current: SimulatedDevice { device.withLock { $0 } }

    /// A report of usage, with the load balancer of each entry.
    func usageWithOwners() throws(DriverError) -> (UsageReport, [LoadBalancer]) {
        try device.withLock { device throws(DriverError) in
            (try device.usage(until: now()), device.configured?.loadBalancers ?? [])
        }
    }

    private func change(_ change: DeviceChange) throws(DriverError) {
        try device.withLock { device throws(DriverError) in try device.perform(change, at: now()) }
    }
}
