// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import SteelyardCore
import Synchronization

/// Writes the load balancers to a file, one line per node, for a proxy that watches the file.
public final class TableDriver: LoadBalancerDriver {
    private let table: URL
    private let separator: String
    private let state: Mutex<DeviceState>

    public init(_ settings: TableSettings, _ context: DriverContext) throws(DriverError) {
        let directory = URL(filePath: context.stateDirectory)
        table = settings.file.map { URL(filePath: $0) } ?? directory.appending(path: "table.txt")
        separator = settings.separator
        state = Mutex(try DeviceState(file: directory.appending(path: "table-state.txt")))
    }

    // MARK: - Changes

    public func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        try state.withLock { state throws(DriverError) in
            let isSuspended = state.phase == .suspended
            let old = state
            try write(isSuspended ? nil : wanted)
            try commit(isSuspended ? .suspended : .serving, wanted, &state, orBackTo: old)
        }
    }

    public func suspend() async throws(DriverError) {
        try state.withLock { state throws(DriverError) in
            let set = try Self.configured(state)
            let old = state
            try write(nil)
            try commit(.suspended, set, &state, orBackTo: old)
        }
    }

    public func enable() async throws(DriverError) {
        try state.withLock { state throws(DriverError) in
            let set = try Self.configured(state)
            let old = state
            try write(set)
            try commit(.serving, set, &state, orBackTo: old)
        }
    }

    public func delete() async throws(DriverError) {
        try state.withLock { state throws(DriverError) in
            let old = state
            try write(nil)
            try commit(.deleted, nil, &state, orBackTo: old)
        }
    }

    public func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        let (old, new) = try state.withLock { state throws(DriverError) in
            let served = state.phase == .serving ? state.set : nil
            switch change {
            case .apply(let wanted): return (served, state.phase == .suspended ? nil : wanted)
            case .enable: return (served, try Self.configured(state))
            case .suspend:
                _ = try Self.configured(state)
                return (served, nil)
            case .delete: return (served, nil)
            }
        }
        return old == new ? "" : "-\(text(old))\n+\(text(new))"
    }

    // MARK: - Reading

    public func status() async throws(DriverError) -> DeviceStatus {
        state.withLock { state in
            switch state.phase {
            case .notConfigured: .notConfigured
            case .suspended: .suspended
            case .deleted: .deleted
            case .serving:
                .serving(
                    (state.set?.loadBalancers ?? []).flatMap { owner in owner.nodes.map { Self.status(of: $0, owner) } }
                )
            }
        }
    }

    public func configurationVersion() async throws(DriverError) -> ConfigurationVersion? {
        state.withLock { $0.set?.version }
    }

    // MARK: - The table

    /// Commits a change; if the state cannot be stored, restores the old table.
    private func commit(
        _ phase: DeviceState.Phase,
        _ set: LoadBalancerSet?,
        _ state: inout DeviceState,
        orBackTo old: DeviceState
    ) throws(DriverError) {
        do throws(DriverError) { try state.change(to: phase, set) } catch {
            try? write(old.phase == .serving ? old.set : nil)
            throw error
        }
    }

    private func write(_ set: LoadBalancerSet?) throws(DriverError) {
        do {
            try FileManager.default.createDirectory(
                at: table.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text(set).utf8).write(to: table, options: .atomic)
        } catch {
            throw DriverError(
                .unavailable,
                "cannot write \(table.path); is the disk full or the directory not writable?"
            )
        }
    }

    private func text(_ set: LoadBalancerSet?) -> String {
        let lines = (set?.loadBalancers ?? []).flatMap { balancer in
            balancer.nodes.filter { $0.condition == .enabled }.map { node in
                [
                    balancer.protocol.rawValue, "\(balancer.port)", "\(node.address)", "\(node.port)", "\(node.weight)",
                ].joined(separator: separator)
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func configured(_ state: DeviceState) throws(DriverError) -> LoadBalancerSet {
        switch (state.phase, state.set) {
        case (.serving, let set?), (.suspended, let set?): return set
        case (.deleted, _): throw .alreadyDeleted
        default: throw .nothingConfigured
        }
    }

    private static func status(of node: Node, _ owner: LoadBalancer) -> NodeStatus {
        let state: NodeStatus.State =
            switch node.condition {
            case .enabled: .up
            case .disabled: .disabled
            case .draining: .draining
            }
        // The proxy does not report the state of its nodes, so the status contains a reason.
        let reason = state == .up ? NodeStatus.notChecked : nil
        return NodeStatus(id: node.id, state: state, reason: reason).of(owner)
    }
}
