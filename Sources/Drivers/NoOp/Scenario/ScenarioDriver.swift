// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore
import Synchronization

/// Gives a simulated device the faults of a scenario file, so that a control plane can be tested against them.
package final class ScenarioDriver: LoadBalancerDriver {
    private let device: NoOpDriver
    private let state: Mutex<ScenarioState>

    init(device: NoOpDriver, file: ScenarioFile) {
        self.device = device
        state = Mutex(ScenarioState(file: file))
    }

    /// Creates a driver, such as for a test.
    ///
    /// - Parameters:
    ///   - device: The device.
    ///   - scenario: The path of the scenario file.
    package convenience init(device: NoOpDriver, scenario: String) {
        self.init(device: device, file: ScenarioFile(path: scenario))
    }

    package func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        try await begin(.update)
        try await device.apply(wanted)
    }

    package func suspend() async throws(DriverError) {
        try await begin(.suspend)
        try await device.suspend()
    }

    package func enable() async throws(DriverError) {
        try await begin(.enable)
        try await device.enable()
    }

    package func delete() async throws(DriverError) {
        try await begin(.delete)
        try await device.delete()
    }

    package func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        try await begin(change.action)
        return try await device.preview(change)
    }

    package func status() async throws(DriverError) -> DeviceStatus {
        // The agent also asks for its own purposes, which is not a message.
        guard CurrentJob.action == .stats else { return try await device.status() }
        let effects = try await begin(.stats)
        let current = device.current
        guard case .serving(let nodes) = current.status else { return current.status }
        let owned = current.configured?.placedNodes ?? []
        return .serving(
            zip(nodes, owned).map { status, place in
                let (owner, pool, node) = place
                // A node that is disabled or draining is not checked.
                guard status.state == .up, let rule = effects.nodes.first(where: { $0.matches(node, of: owner) })
                else { return status }
                return NodeStatus(id: node.id, state: rule.state, reason: rule.reason).of(owner, pool: pool)
            }
        )
    }

    package var features: [DriverFeature] { device.features }

    package func configurationVersion() async throws(DriverError) -> ConfigurationVersion? {
        try await device.configurationVersion()
    }

    package func usage() async throws(DriverError) -> UsageReport {
        let effects = try await begin(.metrics)
        let (report, owners) = try device.usageWithOwners()
        let microseconds = report.end.microseconds - report.start.microseconds
        return UsageReport(
            start: report.start,
            end: report.end,
            entries: zip(report.entries, owners).map { entry, owner in
                let rule = effects.bytes.first { $0.matches(owner) }
                let count = rule?.amount.count(microseconds: microseconds) ?? 0
                return UsageReport.Entry(entry.key, bytesOut: count)
            },
            mark: report.mark
        )
    }

    package func commit(_ report: UsageReport) async throws(DriverError) { try await device.commit(report) }

    package func openLog() async throws(DriverError) -> any OpenedLog {
        try await begin(.archive)
        return try await device.openLog()
    }

    /// Counts a message, and delays or refuses it.
    @discardableResult
    private func begin(_ action: ActionKind) async throws(DriverError) -> ScenarioState.Effects {
        let effects = try state.withLock { state throws(DriverError) in try state.begin(action) }
        // An agent that stops waits for a message in hand no longer than for any other; then the process ends.
        if effects.milliseconds > 0 { try? await Task.sleep(for: .milliseconds(effects.milliseconds)) }
        if let error = effects.error { throw error }
        return effects
    }
}

extension DeviceChange {
    fileprivate var action: ActionKind {
        switch self {
        case .apply: .update
        case .suspend: .suspend
        case .enable: .enable
        case .delete: .delete
        }
    }
}

extension Scenario.BytesRule.Amount {
    /// The bytes of a report.
    fileprivate func count(microseconds: Int64) -> UInt64 {
        switch self {
        case .perReport(let count): return UInt64(clamping: count)
        case .perSecond(let count):
            let (bytes, isOverflow) = UInt64(clamping: count)
                .multipliedReportingOverflow(by: UInt64(clamping: microseconds))
            return isOverflow ? UInt64(Int64.max) : bytes / 1_000_000
        }
    }
}
