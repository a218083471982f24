// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore
import Synchronization

/// Keeps the device's state in memory and answers as a healthy device would; it touches nothing.
///
/// It is the reference that shows how a driver is written: every rule of ``LoadBalancerDriver`` in its simplest form.
public final class NoOpDriver: LoadBalancerDriver {
    private let device = Mutex(SimulatedDevice())
    private let now: @Sendable () -> UTCTimestamp

    /// Creates a driver for a device that has been given nothing to serve.
    ///
    /// - Parameter now: The clock, for the reports of usage.
    public init(now: @escaping @Sendable () -> UTCTimestamp = { .now }) {
        self.now = now
    }

    public func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        try change(.apply(wanted))
    }

    public func suspend() async throws(DriverError) {
        try change(.suspend)
    }

    public func enable() async throws(DriverError) {
        try change(.enable)
    }

    public func delete() async throws(DriverError) {
        try change(.delete)
    }

    public func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        // A copy is changed, so that a preview fails exactly where the change would.
        var copy = device.withLock { $0 }
        let before = copy
        try copy.perform(change, at: now())
        return copy.phase == before.phase ? "" : "\(before.phase) becomes \(copy.phase)"
    }

    public func status() async throws(DriverError) -> DeviceStatus {
        device.withLock { $0.status }
    }

    public func usage() async throws(DriverError) -> UsageReport {
        try device.withLock { device throws(DriverError) in try device.usage(until: now()) }
    }

    public func commit(_ report: UsageReport) async throws(DriverError) {
        device.withLock { $0.commit(report) }
    }

    public func openLog(of metered: MeteredProtocol) async throws(DriverError) -> any OpenedLog {
        try device.withLock { device throws(DriverError) in try device.requireConfiguration() }
        return EmptyLog()
    }

    private func change(_ change: DeviceChange) throws(DriverError) {
        try device.withLock { device throws(DriverError) in try device.perform(change, at: now()) }
    }
}
