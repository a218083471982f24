// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCore
import Synchronization

/// Changes and describes the device.
///
/// Every call blocks; changes run one at a time.
final class NginxDevice: Sendable {
    private static let stateFile = "state"

    let directory: NginxDirectory
    let logger: Logger
    private let settings: NginxSettings
    private let store: StateStore
    private let nginx: NginxService
    private let unexpectedEnds = Atomic(0)
    /// Whether nginx was running when it last got a configuration.
    private let wasRunning = Atomic(false)

    /// - Throws: `DriverError` with the code `stateUnreadable`.
    init(settings: NginxSettings, directory: NginxDirectory, logger: Logger) throws(DriverError) {
        self.settings = settings
        self.directory = directory
        self.logger = logger
        nginx = NginxService(settings: settings, directory: directory)
        store = try StateStore(path: directory.file(Self.stateFile))
    }

    /// The result of the last successful change.
    var state: DeviceState { store.state }

    /// Makes a change, or leaves the device unchanged.
    func perform(_ change: DeviceChange) throws(DriverError) {
        let (old, new) = (state, try state.after(change))
        try directory.make()
        if new == .deleted {
            try stop()
            try nginx.removeFiles(except: Self.stateFile)
            try store.commit(.deleted)
            return
        }
        try check(new, instead: old)
        let isSuspended = new.servedSet == nil
        let replaced = isSuspended && old.servedSet != nil ? nginx.workers : []
        do throws(DriverError) {
            try serve(new, instead: old)
            try store.commit(new)
        } catch {
            try restore(old, instead: new, after: error)
            throw error
        }
        guard isSuspended else { return }
        try nginx.end(replaced + nginx.retiringWorkers, after: .seconds(settings.suspendGrace))
    }

    /// Checks a change, and describes the difference.
    func preview(_ change: DeviceChange) throws(DriverError) -> String {
        let (old, new) = (state, try state.after(change))
        if new != .deleted { try check(new, instead: old) }
        let (before, after) = (try describe(old), try describe(new))
        return LineDifference(from: before, to: after).description
    }

    /// Describes the device and its nodes.
    func status() throws(DriverError) -> DeviceStatus {
        switch state {
        case .notConfigured: return .notConfigured
        case .deleted: return .deleted
        case .suspended: return .suspended
        case .serving(let set):
            guard nginx.ask(within: 700) != nil else {
                throw DriverError(.notRunning, "nginx does not answer; see \(directory.file("nginx.log"))")
            }
            return .serving(set.loadBalancers.flatMap { owner in owner.nodes.map { $0.status.of(owner) } })
        }
    }

    /// Describes the running nginx; nil if none answers.
    func proxyStatus() -> ProxyStatus? {
        nginx.ask(within: 90).map {
            ProxyStatus(
                name: "nginx",
                version: $0.version,
                unexpectedEnds: unexpectedEnds.load(ordering: .relaxed)
            )
        }
    }

    /// Makes nginx run the state's configuration.
    ///
    /// - Returns: The master; nil if none should run.
    func reconcile() throws(DriverError) -> ProcessHandle? {
        guard state.set != nil else { return nil }
        try serve(try configuration(of: state))
        guard let master = nginx.master else {
            throw DriverError(.notRunning, "nginx ended after its start; see \(directory.file("nginx.log"))")
        }
        return master
    }

    private func serve(_ configuration: NginxConfiguration) throws(DriverError) {
        let wasStarted = try nginx.serve(configuration)
        guard wasRunning.exchange(true, ordering: .relaxed), wasStarted else { return }
        unexpectedEnds.add(1, ordering: .relaxed)
        logger.error("nginx ended unexpectedly and was started again")
    }

    private func stop() throws(DriverError) {
        try nginx.stop()
        wasRunning.store(false, ordering: .relaxed)
    }

    private func configuration(of state: DeviceState) throws(DriverError) -> NginxConfiguration {
        try NginxConfiguration(state.servedSet, settings, in: directory)
    }

    /// Checks a configured state; a suspended one must also be able to serve later.
    private func check(_ new: DeviceState, instead old: DeviceState) throws(DriverError) {
        let held = Listener.all(of: old.servedSet)
        for listener in Listener.all(of: new.set)
        where !held.contains(where: { $0.isSame(as: listener) || $0.excludes(listener) }) {
            try listener.requireFree()
        }
        try nginx.check(new.set)
    }

    private func serve(_ new: DeviceState, instead old: DeviceState) throws(DriverError) {
        let (running, wanted) = (Listener.all(of: old.servedSet), try configuration(of: new))
        // nginx opens new listeners before it closes old ones, which the kernel allows only if they do not overlap.
        if wanted.listeners.contains(where: { listener in running.contains { $0.excludes(listener) } }) {
            try serve(try NginxConfiguration(nil, settings, in: directory))
        }
        try serve(wanted)
    }

    private func restore(_ old: DeviceState, instead new: DeviceState, after error: DriverError) throws(DriverError) {
        do throws(DriverError) {
            if old.set == nil { try stop() } else { try serve(old, instead: new) }
        } catch let second {
            let message = "\(error.message); restoring the old configuration failed:  \(second.message)"
            throw DriverError(error.code, message, field: error.field)
        }
    }

    private func describe(_ state: DeviceState) throws(DriverError) -> [String] {
        guard let set = state.set else { return [] }
        let version = set.version.map { ["config_version \($0)"] } ?? []
        return version + (try configuration(of: state).lines)
    }
}

extension Node {
    /// nginx does not report the state of nodes, so this is the configured condition.
    fileprivate var status: NodeStatus {
        switch condition {
        case .enabled: NodeStatus(id: id, state: .up, reason: "not checked: nginx sends no checks")
        case .disabled: NodeStatus(id: id, state: .disabled)
        case .draining: NodeStatus(id: id, state: .draining)
        }
    }
}
