// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// One change of the device: prepares its files, carries out its plan and commits its state, or restores the old state.
///
/// A crash between any two steps leaves the old state or the new one: first the file on disk changes, then the running
/// HAProxy, and last ``DeviceStore``, which decides.
struct ChangeTransaction {
    private let context: DeviceContext
    private let old: DeviceState
    private let wanted: RenderedConfiguration
    private let observation: Observation
    private let plan: ChangePlan

    /// Finds the plan for the new configuration.
    ///
    /// - Throws: `DriverError` if HAProxy runs but does not answer, or if a port is in use.
    init(to wanted: RenderedConfiguration, in context: DeviceContext) throws(DriverError) {
        self.context = context
        self.wanted = wanted
        old = context.store.state
        (observation, plan) = try context.plan(to: wanted)
        if plan.opensPorts { try requirePorts() }
    }

    /// The plan, and its changes to haproxy.cfg; empty if there is nothing to do.
    var description: String {
        guard plan != .nothing || !isInPlace else { return "" }
        return "\(plan)\n\(context.difference(to: wanted))"
    }

    /// Whether HAProxy can no longer be controlled and is restarted for the change.
    var restarts: Bool { if case .restart = plan { true } else { false } }

    /// Makes the change.
    ///
    /// - Throws: `DriverError`; the device then serves the old configuration, or the reconciler restores it.
    func run() async throws(DriverError) {
        CurrentJob.report(plan: plan.kind, plan.description)
        context.logger.debug("change planned", metadata: [LogKeys.plan: "\(plan)"])
        // Without this, the bytes of the current worker would not be read if the ledger was lost.
        if let served = old.served { await context.meter.serve(served.set) }
        context.store.setPausing(isClosing)
        defer { context.store.setPausing(false) }
        switch plan {
        // The ledger may have been lost since, or may not have this configuration.
        case .nothing where isInPlace: await context.meter.serve(wanted.set)
        case .nothing: try await command([])
        case .runtime(let changes): try await command(changes)
        case .reload, .restart, .start: try await replace(observation)
        }
    }

    /// Makes HAProxy check the rendered file; changes nothing that is in use.
    func check() async throws(DriverError) {
        try writeCandidate()
        defer { removeCandidate() }
        try await context.check.check(context.files.candidate, wanted)
    }

    /// Whether nothing is left to do.
    private var isInPlace: Bool {
        old == DeviceState(wanted) && context.contents(of: context.files.config) == wanted.bytes
            && context.keys.isInstalled(wanted.set)
            && context.changedFiles(of: wanted).isEmpty
    }

    /// Reports the new load balancers to the meter.
    private func meterWanted() async {
        if hasOtherLoadBalancers { await context.meter.serve(wanted.set) }
    }

    /// Whether a load balancer is new or removed, or another one has taken its proxies.
    private var hasOtherLoadBalancers: Bool {
        func ids(_ set: LoadBalancerSet?) -> [LoadBalancerKey: Identifier?] {
            Dictionary((set?.loadBalancers ?? []).map { ($0.key, $0.id) }) { first, _ in first }
        }
        return ids(old.served?.set) != ids(wanted.set)
    }

    /// Records to which load balancers the log lines so far belong, if others take their names.
    ///
    /// - Parameter owners: The record before the change.
    private func noteLogOwners(after owners: LogOwnerHistory?) throws(DriverError) {
        guard hasOtherLoadBalancers else { return }
        try context.write(LogOwnerHistory.after(owners, from: old.served?.set, to: wanted.set))
    }

    private func restoreLogOwners(_ owners: LogOwnerHistory?) {
        if hasOtherLoadBalancers { try? context.write(owners) }
    }

    private var isClosing: Bool { wanted.isSuspended && !old.isSuspended }
}

// MARK: - Without a reload

extension ChangeTransaction {
    /// Changes the running HAProxy by commands; falls back to a reload if HAProxy rejects one.
    private func command(_ changes: [RuntimeChange]) async throws(DriverError) {
        guard let snapshot = observation.snapshot else { return try await replace(observation) }
        let owners = try hasOtherLoadBalancers ? context.files.readLogOwners(context.logger) : nil
        let file = try context.prepareFile(wanted.bytes, usesSpare: isClosing)
        let state = try context.store.prepare(DeviceState(wanted), usesSpare: isClosing)
        try keepLastGood()
        context.onStep(.prepared)
        do throws(DriverError) {
            // Before the commands: a worker that starts meanwhile must not load old lists with the new state.
            try context.writeFiles(of: wanted)
            let known = old.served.map { context.render($0, isSuspended: old.isSuspended).servers } ?? []
            // First, so that no program that reloads HAProxy makes it load an old certificate again. A SUSPEND needs none.
            if !isClosing { try context.keys.install(wanted.set) }
            try context.running.perform(changes, to: wanted, from: known, snapshot)
        } catch {
            // An HAProxy that does not answer now would not answer a reload either.
            guard error.code != .timedOut else {
                await rollBack(to: nil)
                throw error
            }
            CurrentJob.report(plan: "reload", "reload, because HAProxy rejected a command")
            context.logger.warning("HAProxy rejected a command; reloading", metadata: [LogKeys.error: "\(error)"])
            _ = consume file
            _ = consume state
            restoreKeys()
            do throws(DriverError) {
                return try await replace(context.running.observe(by: .after(.seconds(2))))
            } catch {
                // If HAProxy rejects the file, too, the commands before the rejected one are still in force.
                await rollBack(to: nil)
                throw error
            }
        }
        do throws(DriverError) {
            // The bytes so far belong to the old load balancers.
            if hasOtherLoadBalancers { await context.meter.readBeforeReload() }
            try noteLogOwners(after: owners)
            // From here on, HAProxy loads the new configuration, no matter which program starts it.
            try file.commit()
            SpareRoom(for: context.files.config).keep(wanted.bytes.count)
            context.onStep(.fileReplaced)
            if isClosing { try await closeConnections(snapshot.processes.oldWorkers) }
            await meterWanted()
            try context.store.commit(state)
            context.onStep(.stateReplaced)
            context.removeFiles(besides: wanted)
        } catch {
            restoreLogOwners(owners)
            await rollBack(to: nil)
            throw error
        }
        context.logger.debug("HAProxy changed without a reload")
    }

    private func closeConnections(_ oldWorkers: [Int32]) async throws(DriverError) {
        let grace = context.renderer.configuration.settings.suspendGrace
        try await ConnectionClosing(context.running, context.meter, oldWorkers).run(within: grace)
    }
}

// MARK: - With a reload, or a start

extension ChangeTransaction {
    /// Checks the file, installs it, makes HAProxy serve it, and commits the state.
    private func replace(_ observation: Observation) async throws(DriverError) {
        // A SUSPEND changes nothing that HAProxy could reject, and must work on a full disk.
        if !isClosing { try writeCandidate() }
        defer { removeCandidate() }
        let (check, meter, candidate) = (context.check, context.meter, context.files.candidate)
        let (wanted, isClosing) = (wanted, isClosing)
        async let checked = isClosing ? .success(()) : check.result(candidate, wanted)
        async let reading: Void = meter.readBeforeReload()
        let loaded = old.served.map { context.render($0, isSuspended: old.isSuspended) }
        let states =
            observation.snapshot.map { context.running.carriedStates(from: loaded, to: wanted, $0.servers) } ?? ""
        let state = try context.store.prepare(DeviceState(wanted), usesSpare: isClosing)
        await reading
        try await checked.get()
        context.onStep(.checked)
        let oldBytes = context.contents(of: context.files.config)
        let owners = try context.files.readLogOwners(context.logger)
        do throws(DriverError) {
            try keepLastGood()
            context.onStep(.lastGoodKept)
            try context.writeFiles(of: wanted)
            try context.write(wanted.bytes, usesSpare: isClosing)
            context.onStep(.fileWritten)
            if !isClosing { try context.keys.install(wanted.set) }
            // Before others take the names, in case the agent ends now.
            try noteLogOwners(after: owners)
            try await context.running.serve(wanted, observation, carrying: states)
            context.onStep(.served)
            // The old worker has served until now.
            try noteLogOwners(after: owners)
            if isClosing, let snapshot = observation.snapshot {
                try await closeConnections(
                    snapshot.processes.oldWorkers + [snapshot.processes.worker].compactMap(\.self)
                )
            }
            // Before the commit: traffic of the new configuration is metered even if the agent ends now.
            await meterWanted()
            context.onStep(.metered)
            try context.store.commit(state)
            context.onStep(.committed)
            context.removeFiles(besides: wanted)
        } catch {
            context.logger.error("change failed; rolling back", metadata: [LogKeys.error: "\(error)"])
            restoreLogOwners(owners)
            await rollBack(to: oldBytes)
            throw error
        }
        context.logger.debug("HAProxy serves the new configuration")
    }

    private func writeCandidate() throws(DriverError) {
        try stateUnwritable { () throws(FileError) in
            try AtomicFile.makeFolder(context.files.stateFolder)
            try AtomicFile.makeFolder(context.files.config.removingLastComponent())
            try context.writeCandidateFiles(of: wanted)
        }
        try context.keys.requireFiles(of: wanted.set)
        let candidate = try context.keys.candidate(of: wanted)
        try stateUnwritable { () throws(FileError) in
            try PreparedFile(candidate, for: context.files.candidate, isFlushed: false).commit(isFlushed: false)
        }
    }

    /// Makes the certificates of the committed state those that HAProxy loads.
    private func restoreKeys() {
        guard let served = old.served else { return }
        do throws(DriverError) { try context.keys.install(served.set) } catch {
            context.logger.error("old certificates not restored", metadata: [LogKeys.error: "\(error)"])
        }
    }

    private func removeCandidate() {
        try? AtomicFile.remove(context.files.candidate, isFlushed: false)
        context.removeCandidateFiles(of: wanted)
    }

    /// Links haproxy.cfg to a second name, which keeps the old file when haproxy.cfg is replaced.
    private func keepLastGood() throws(DriverError) {
        do throws(FileError) { try AtomicFile.link(context.files.config, to: context.files.lastGood) } catch {
            // A SUSPEND continues without it.
            guard !isClosing else { return }
            throw DriverError(.stateUnwritable, error.description)
        }
    }
}

// MARK: - Rollback

extension ChangeTransaction {
    /// Restores the old configuration; leaves failed steps to the reconciler.
    ///
    /// - Parameter bytes: The old content of haproxy.cfg; nil to render the old state.
    private func rollBack(to bytes: [UInt8]?) async {
        restoreKeys()
        do throws(DriverError) {
            guard let served = old.served else { return try await withdraw(restoring: bytes) }
            await context.meter.serve(served.set)
            // Byte for byte if it matched the state: an earlier version may have rendered it differently.
            let isKnown = bytes.map { Fingerprint($0) == served.checksum } ?? false
            var rendered = context.render(served, isSuspended: old.isSuspended)
            if isKnown { rendered = rendered.named(served.fingerprint) }
            try context.writeFiles(of: rendered)
            try context.write(isKnown ? bytes ?? rendered.bytes : rendered.bytes)
            let observation = try context.running.observe(by: .after(.seconds(2)))
            if let snapshot = observation.snapshot, snapshot.fingerprint == served.fingerprint,
                snapshot.misplacedFrontends(of: served.set, isSuspended: old.isSuspended).isEmpty
            {
                return context.removeFiles(besides: rendered)
            }
            try await context.running.serve(
                rendered,
                observation,
                carrying: context.running.carriedStates(from: wanted, to: rendered, nil)
            )
            context.removeFiles(besides: rendered)
        } catch {
            context.logger.error("rollback failed; retrying later", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Rolls back to a device without a served state; HAProxy keeps the configuration of another program.
    private func withdraw(restoring bytes: [UInt8]?) async throws(DriverError) {
        switch try context.running.observe(by: .after(.seconds(2))) {
        case .absent: break
        case .running(let snapshot) where snapshot.mark == .foreign: break
        // The worker still serves the configuration whose state this agent has lost.
        case .running(let snapshot) where snapshot.processes.worker == observation.snapshot?.processes.worker: break
        // This driver's configuration has no predecessor to restore.
        case .running, .uncontrolled: try await context.running.stop()
        }
        context.removeFiles(besides: nil)
        if let bytes { return try context.write(bytes) }
        try stateUnwritable { () throws(FileError) in try AtomicFile.remove(context.files.config) }
    }
}

// MARK: - Ports

extension ChangeTransaction {
    /// Checks that the ports to open are free, or already HAProxy's.
    private func requirePorts() throws(DriverError) {
        var listening: [LoadBalancer] = []
        var isRunning = false
        if case .running(let snapshot) = observation {
            isRunning = true
            // The ports of another program's configuration are unknown; HAProxy itself reports a conflict.
            guard let served = old.served, snapshot.fingerprint == served.fingerprint else { return }
            // A paused or disabled front end has released its port.
            listening = served.set.loadBalancers.filter {
                snapshot.frontends[ProxyName($0.key).frontend] == "OPEN"
            }
        } else if case .uncontrolled = observation {
            // It holds its ports until this change ends it.
            return
        }
        let facts = context.renderer.facts
        if let statistics = context.renderer.configuration.settings.statistics {
            let text = context.contents(of: context.files.config).map { String(decoding: $0, as: UTF8.self) }
            try PortProbe.requireFree(
                statistics,
                besides: wanted.set,
                isHeld: isRunning && text?.contains(context.renderer.statisticsText) == true,
                facts
            )
        }
        // A suspended device listens on none of them; ENABLE checks again.
        if !wanted.isSuspended { try PortProbe.requireFree(wanted.set, besides: listening, facts) }
    }
}
