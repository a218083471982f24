// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The state of a simulated device.
struct SimulatedDevice {
    enum Phase: Equatable {
        case notConfigured
        case serving(LoadBalancerSet)
        case suspended(LoadBalancerSet)
        case deleted
    }

    private(set) var phase = Phase.notConfigured
    private var reported: UTCTimestamp?

    var status: DeviceStatus {
        switch phase {
        case .notConfigured: .notConfigured
        case .deleted: .deleted
        case .suspended: .suspended
        case .serving(let set):
            .serving(set.placedNodes.map { owner, pool, node in Self.healthy(node).of(owner, pool: pool) })
        }
    }

    var version: ConfigurationVersion? { configured?.version }

    /// What the device serves, or keeps while it is suspended.
    var configured: LoadBalancerSet? {
        switch phase {
        case .serving(let set), .suspended(let set): set
        case .notConfigured, .deleted: nil
        }
    }

    mutating func perform(_ change: DeviceChange, at time: UTCTimestamp) throws(DriverError) {
        switch (change, phase) {
        case (.apply(let wanted), .suspended):
            phase = .suspended(try wanted.resolved(from: configured).withoutContents)
        case (.apply(let wanted), _):
            let set = try wanted.resolved(from: configured).withoutContents
            reported = reported ?? time
            phase = .serving(set)
        case (.suspend, .serving(let set)): phase = .suspended(set)
        case (.enable, .suspended(let set)): phase = .serving(set)
        case (.suspend, _), (.enable, _): try requireConfiguration()
        case (.delete, _):
            reported = nil
            phase = .deleted
        }
    }

    func requireConfiguration() throws(DriverError) {
        switch phase {
        case .serving, .suspended: return
        case .notConfigured: throw DriverError.nothingConfigured
        case .deleted: throw DriverError.alreadyDeleted
        }
    }

    func usage(until time: UTCTimestamp) throws(DriverError) -> UsageReport {
        try requireConfiguration()
        let served = configured?.loadBalancers.map(\.key) ?? []
        let start = reported ?? time
        return UsageReport(
            start: start,
            // The clock may have been set back.
            end: max(start, time),
            entries: served.map { UsageReport.Entry($0, bytesOut: 0) },
            mark: UInt64(clamping: time.microseconds)
        )
    }

    mutating func commit(_ report: UsageReport) {
        guard let begun = reported else { return }
        reported = max(begun, report.end)
    }

    private static func healthy(_ node: Node) -> NodeStatus {
        switch node.condition {
        case .enabled: NodeStatus(id: node.id, state: .up)
        case .disabled: NodeStatus(id: node.id, state: .disabled)
        case .draining: NodeStatus(id: node.id, state: .draining)
        }
    }
}
