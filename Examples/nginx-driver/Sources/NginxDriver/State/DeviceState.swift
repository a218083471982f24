// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The result of the last successful change.
enum DeviceState: Hashable, Sendable {
    case notConfigured
    case serving(LoadBalancerSet)
    case suspended(LoadBalancerSet)
    case deleted

    /// The load balancers to serve now, or after an ENABLE.
    var set: LoadBalancerSet? {
        switch self {
        case .serving(let set), .suspended(let set): set
        case .notConfigured, .deleted: nil
        }
    }

    /// The load balancers whose listeners are open.
    var servedSet: LoadBalancerSet? {
        if case .serving(let set) = self { set } else { nil }
    }

    /// Checks that the device is configured.
    ///
    /// - Throws: `DriverError` with the code `notConfigured` or `deleted`.
    @discardableResult
    func requireConfigured() throws(DriverError) -> LoadBalancerSet {
        if let set { return set }
        throw self == .deleted ? DriverError.alreadyDeleted : DriverError.nothingConfigured
    }

    /// The state after a change.
    ///
    /// - Throws: `DriverError` with the code `notConfigured` or `deleted`.
    func after(_ change: DeviceChange) throws(DriverError) -> DeviceState {
        switch change {
        case .apply(let wanted): if case .suspended = self { .suspended(wanted) } else { .serving(wanted) }
        case .suspend: .suspended(try requireConfigured())
        case .enable: .serving(try requireConfigured())
        case .delete: .deleted
        }
    }
}

extension DeviceState {
    private var phase: String {
        switch self {
        case .notConfigured: "notConfigured"
        case .serving: "serving"
        case .suspended: "suspended"
        case .deleted: "deleted"
        }
    }

    /// The content of the state file: a word on line 1 and, if the device is configured, the UPDATE on line 2.
    ///
    /// The configuration and its version are in one file, so they are replaced in one step.
    var record: [UInt8] {
        Array("\(phase)\n".utf8) + (set.map { $0.message + [UInt8(ascii: "\n")] } ?? [])
    }

    /// Parses a state file.
    ///
    /// - Returns: nil if ``record`` did not write it.
    init?(record: [UInt8]) {
        let lines = record.split(separator: UInt8(ascii: "\n"))
        guard let phase = lines.first.map({ String(decoding: $0, as: UTF8.self) }) else { return nil }
        let set = lines.count == 2 ? LoadBalancerSet(message: Array(lines[1])) : nil
        switch (phase, set) {
        case ("serving", let set?): self = .serving(set)
        case ("suspended", let set?): self = .suspended(set)
        case ("notConfigured", nil) where lines.count == 1: self = .notConfigured
        case ("deleted", nil) where lines.count == 1: self = .deleted
        default: return nil
        }
    }
}
