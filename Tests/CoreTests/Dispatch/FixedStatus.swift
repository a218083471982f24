// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import NoOpDriver
import SteelyardCore

/// An in-memory driver with a fixed status.
struct FixedStatus: LoadBalancerDriver {
    let state: DeviceStatus
    var proxy: ProxyStatus?
    private let device = NoOpDriver()

    init(state: DeviceStatus) { self.state = state }

    func apply(_ wanted: LoadBalancerSet) async throws(DriverError) { try await device.apply(wanted) }
    func suspend() async throws(DriverError) { try await device.suspend() }
    func enable() async throws(DriverError) { try await device.enable() }
    func delete() async throws(DriverError) { try await device.delete() }
    func preview(_ change: DeviceChange) async throws(DriverError) -> String { try await device.preview(change) }
    func status() async throws(DriverError) -> DeviceStatus { state }
    func proxyStatus() async -> ProxyStatus? { proxy }
    func configurationVersion() async throws(DriverError) -> ConfigurationVersion? {
        try await device.configurationVersion()
    }

    func usage() async throws(DriverError) -> UsageReport { try await device.usage() }
    func commit(_ report: UsageReport) async throws(DriverError) { try await device.commit(report) }

    func openLog() async throws(DriverError) -> any OpenedLog {
        try await device.openLog()
    }
}
