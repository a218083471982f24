// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The device and its proxy at one moment, as the driver reports them.
struct DeviceReading: Sendable {
    /// The phases of a device.
    enum Phase: String, CaseIterable, Sendable {
        case serving
        case suspended
        case deleted
        case notConfigured = "not_configured"
        /// It should serve and does not, or does not answer.
        case failing
    }

    /// The state; an error if the device should serve and does not.
    let status: Result<DeviceStatus, DriverError>
    /// The proxy; nil if the driver has none, or reports none.
    let proxy: ProxyStatus?
    /// The certificates that the device shows.
    var certificates: [CertificateStatus] = []

    /// The phase.
    var phase: Phase {
        switch status {
        case .success(.serving): .serving
        case .success(.suspended): .suspended
        case .success(.deleted): .deleted
        case .success(.notConfigured): .notConfigured
        case .failure: .failing
        }
    }

    /// Reads the state from the driver.
    static func read(_ driver: any LoadBalancerDriver) async -> DeviceReading {
        let status: Result<DeviceStatus, DriverError>
        do throws(DriverError) { status = .success(try await driver.status()) } catch { status = .failure(error) }
        return DeviceReading(
            status: status,
            proxy: await driver.proxyStatus(),
            certificates: await driver.certificates()
        )
    }
}
