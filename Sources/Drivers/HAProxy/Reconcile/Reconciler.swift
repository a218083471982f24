// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Makes HAProxy match the committed state: at the start, after a crash of HAProxy or the agent, and after the loss of
/// a socket or file.
final class Reconciler {
    /// Whether the device must be fully compared with the state.
    var isDue = true
    private let view: DriftView
    /// Why the files of certificates could not be restored.
    private var keyFault: String?
    /// The time since which HAProxy has not answered.
    private var silentSince: ContinuousClock.Instant?
    /// The time limit of a start that no message waits for.
    private static let startTimeout = Duration.seconds(30)
    /// An HAProxy that has not answered for this long is restarted.
    private static let longestSilence = Duration.seconds(60)

    init(_ view: DriftView) { self.view = view }

    /// Repairs the device if it does not match the state.
    ///
    /// - Throws: `DriverError` if HAProxy does not serve the state.
    func reconcile(_ context: DeviceContext) async throws(DriverError) {
        guard isDue else { return }
        switch context.store.state {
        case .notConfigured: break
        case .deleted: try await context.removeAll()
        case .serving(let served), .suspended(let served):
            // The ledger may be missing, or older than the state: without this, traffic would not be metered.
            await context.meter.serve(served.set)
            try await bringBack(served, context)
        }
        isDue = false
    }

    /// Repairs the device as far as possible; the rest does not prevent a change.
    func tryToReconcile(_ context: DeviceContext) async {
        do throws(DriverError) { try await reconcile(context) } catch {
            context.logger.error("device does not match its committed state", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Completes a DELETE that failed or was interrupted, and starts the log of the next load balancers.
    ///
    /// - Throws: `DriverError`, which names the remaining files: the next load balancers must not inherit them.
    func finishDeletion(_ context: DeviceContext) async throws(DriverError) {
        do throws(DriverError) { try await reconcile(context) } catch {
            throw DriverError(error.code, "the last DELETE is not finished: \(error.message)")
        }
        try LogRemoval(context.files, context.logger).beginNext()
    }

    /// Ensures that the device is in the state of the last message, whatever has changed since.
    ///
    /// - Throws: `DriverError` if it cannot be restored.
    func requireInPlace(_ context: DeviceContext) async throws(DriverError) {
        let served = try context.store.state.requireServed()
        let observation = try context.running.observe(by: .after(.seconds(2)))
        isDue = isDue || !Self.serves(served, context.store.state.isSuspended, observation)
        try await reconcile(context)
    }

    /// Checks for changes by other programs: repairs a missing file or socket now, logs the rest once, and leaves it to
    /// the next UPDATE.
    ///
    /// - Throws: `DriverError` if HAProxy runs but does not answer.
    func look(_ context: DeviceContext) async throws(DriverError) {
        guard !isDue, let served = context.store.state.served else {
            silentSince = nil
            return
        }
        let rendered = context.render(served, isSuspended: context.store.state.isSuspended)
        let observation: Observation
        let plan: ChangePlan
        do throws(DriverError) {
            (observation, plan) = try context.plan(to: rendered)
            silentSince = nil
        } catch {
            try await endSilence(error, context)
            throw error
        }
        if case .uncontrolled(let reason) = observation {
            context.logger.error("HAProxy can no longer be controlled", metadata: [LogKeys.error: "\(reason)"])
            isDue = true
            return try await reconcile(context)
        }
        restoreFiles(rendered, served, context)
        restoreKeys(served, context)
        let lists = restoreLists(rendered, context)
        if let snapshot = observation.snapshot, snapshot.fingerprint == served.fingerprint {
            let wanted = Set(rendered.servers.map(\.name))
            try context.running.deleteRetired(of: snapshot.servers, besides: wanted, by: .after(.seconds(1)))
        }
        report(drift(rendered, served, plan, lists, context), context)
    }

    /// Whether HAProxy serves this state, or is suspended with it.
    private static func serves(_ served: DeviceState.Served, _ isSuspended: Bool, _ observation: Observation) -> Bool {
        guard let snapshot = observation.snapshot, snapshot.fingerprint == served.fingerprint else { return false }
        return snapshot.misplacedFrontends(of: served.set, isSuspended: isSuspended).isEmpty
    }

    private func bringBack(_ wanted: DeviceState.Served, _ context: DeviceContext) async throws(DriverError) {
        let isSuspended = context.store.state.isSuspended
        let keys = Result { () throws(DriverError) in try context.keys.install(wanted.set) }
        var observation = try context.running.observe(by: .after(.seconds(4)))
        if case .uncontrolled = observation { observation = await rebindSockets(wanted, observation, context) }
        let served = context.store.state.served ?? wanted
        var rendered = context.render(served, isSuspended: isSuspended)
        let isFileRight = context.holds(context.files.config, served.checksum)
        restoreLists(rendered, context)
        context.removeFiles(besides: rendered)
        if isFileRight {
            if rendered.fingerprint != served.fingerprint {
                context.logger.notice("settings changed; they apply with the next UPDATE")
            }
            // New settings alone are no reason for a reload.
            rendered = rendered.named(served.fingerprint)
            if Self.serves(served, isSuspended, observation), let snapshot = observation.snapshot,
                try context.running.holds(rendered.lists, snapshot)
            {
                context.running.confirm(snapshot)
                // The agent may have ended before it could.
                context.running.forgetServerStates()
                return context.logger.info("HAProxy serves the committed state")
            }
        } else {
            context.logger.warning("haproxy.cfg does not match the committed state; rewriting it")
            try context.write(rendered.bytes)
        }
        // A running HAProxy has its certificates in memory; another one needs the files.
        try keys.get()
        await context.meter.readBeforeReload()
        let states = observation.snapshot.map { _ in context.running.carriedStates(from: rendered, to: rendered, nil) }
        try await context.running.serve(rendered, observation, carrying: states ?? "", within: Self.startTimeout)
        if rendered.fingerprint != served.fingerprint || !isFileRight {
            try context.store.commit(DeviceState(rendered))
        }
        context.logger.info("HAProxy serves again")
    }

    /// Makes HAProxy bind sockets with missing files again, by a reload: no connection is lost.
    ///
    /// - Returns: The state of HAProxy afterwards.
    private func rebindSockets(
        _ served: DeviceState.Served,
        _ lost: Observation,
        _ context: DeviceContext
    ) async -> Observation {
        var observation = lost
        do throws(DriverError) {
            let rendered = context.render(served, isSuspended: context.store.state.isSuspended)
            await context.meter.readBeforeReload()
            if case .uncontrolled(.masterSocketLost) = observation {
                if !context.holds(context.files.config, served.checksum) {
                    try context.write(rendered.bytes)
                    try context.store.commit(DeviceState(rendered))
                }
                let states = context.running.carriedStates(from: rendered, to: rendered, nil)
                try context.running.rebindMasterSocket(carrying: states)
                observation = try context.running.observe(by: .after(.seconds(4)))
            }
            if case .uncontrolled(.adminSocketLost) = observation {
                let respelled = rendered.respellingSocket(by: context.running.nextSpelling())
                try context.write(respelled.bytes)
                try await context.running.rebindAdminSocket(respelled)
                try context.store.commit(DeviceState(respelled))
                observation = try context.running.observe(by: .after(.seconds(4)))
            }
            context.logger.warning("a socket file was missing; HAProxy has bound the socket again")
        } catch {
            context.logger.error("HAProxy did not bind its socket again", metadata: [LogKeys.error: "\(error)"])
        }
        return observation
    }

    /// Ends an HAProxy that has not answered for a long time; the next attempt starts it again.
    private func endSilence(_ error: DriverError, _ context: DeviceContext) async throws(DriverError) {
        guard error.code == .timedOut else {
            silentSince = nil
            return
        }
        let since = silentSince ?? .now
        silentSince = since
        guard .now - since > Self.longestSilence else { return }
        context.logger.error("HAProxy does not answer; restarting it", metadata: [LogKeys.error: "\(error)"])
        silentSince = nil
        isDue = true
        try await context.running.stop()
        try await reconcile(context)
    }

    /// Writes removed files again.
    private func restoreFiles(_ rendered: RenderedConfiguration, _ served: DeviceState.Served, _ context: DeviceContext)
    {
        do throws(DriverError) {
            if context.contents(of: context.files.config) == nil, rendered.fingerprint == served.fingerprint {
                try context.write(rendered.bytes)
                // A host name may have another address by now.
                if rendered.checksum != served.checksum { try context.store.commit(DeviceState(rendered)) }
                context.logger.warning("haproxy.cfg was missing; rewritten")
            }
            if try context.store.restoreIfMissing() { context.logger.warning("state.json was missing; rewritten") }
        } catch {
            context.logger.error("cannot restore a missing file", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Writes missing or changed lists of networks again.
    ///
    /// - Returns: The names of their files.
    @discardableResult
    private func restoreLists(_ rendered: RenderedConfiguration, _ context: DeviceContext) -> [String] {
        let names = context.changedFiles(of: rendered).compactMap { $0.file.lastComponent?.string }
        guard !names.isEmpty else { return [] }
        let list = names.joined(separator: ", ")
        do throws(DriverError) {
            try context.writeFiles(of: rendered)
            context.logger.warning("\(list) did not match the committed state; rewritten")
        } catch {
            context.logger.error("cannot write \(list)", metadata: [LogKeys.error: "\(error)"])
        }
        return names
    }

    /// Restores the files of certificates; logs once what cannot be restored.
    private func restoreKeys(_ served: DeviceState.Served, _ context: DeviceContext) {
        guard !context.keys.isInstalled(served.set) else {
            keyFault = nil
            return
        }
        do throws(DriverError) {
            try context.keys.install(served.set)
            keyFault = nil
            context.logger.warning("files of certificates were missing or changed; restored")
        } catch {
            guard keyFault != error.message else { return }
            keyFault = error.message
            context.logger.error("cannot restore a certificate's file", metadata: [LogKeys.error: "\(error)"])
        }
    }

    private func report(_ drift: String?, _ context: DeviceContext) {
        guard view.show(drift) else { return }
        if let drift {
            context.logger.warning(
                "another program changed the device; the next UPDATE restores it",
                metadata: [LogKeys.drift: "\(drift)"]
            )
        } else {
            context.logger.info("device matches its committed state again")
        }
    }

    /// The differences, in lines; nil if there are none.
    private func drift(
        _ rendered: RenderedConfiguration,
        _ served: DeviceState.Served,
        _ plan: ChangePlan,
        _ lists: [String],
        _ context: DeviceContext
    ) -> String? {
        var findings = lists.map { "\($0): had another content or was missing; rewritten" }
        let bytes = context.contents(of: context.files.config)
        if bytes.map({ Fingerprint($0) == served.checksum }) != true {
            findings.append(
                "haproxy.cfg:\n" + DriftText.masked(LineDifference.describe(from: rendered.text, toFile: bytes))
            )
        }
        // A file that an earlier version rendered differently is not drift.
        if rendered.fingerprint == served.fingerprint, plan != .nothing {
            findings.append("the running HAProxy; planned: \(plan)")
        }
        return findings.isEmpty ? nil : findings.joined(separator: "\n")
    }
}
