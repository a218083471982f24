// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem

/// Makes what runs equal to what the state says: at the start, after a crash of either side, and when a socket or a file
/// has gone.
final class Reconciler {
    /// Whether the device has to be compared with the state from the ground up.
    var isDue = true
    private let view: DriftView
    /// Since when HAProxy has not answered.
    private var silentSince: ContinuousClock.Instant?
    /// How long a start may take while no message waits for it.
    private static let startTimeout = Duration.seconds(30)
    /// An HAProxy that has not answered for so long is ended and started again.
    private static let longestSilence = Duration.seconds(60)

    init(_ view: DriftView) { self.view = view }

    /// Puts right what is not as the state says.
    ///
    /// - Throws: `DriverError` where HAProxy cannot be brought to serve.
    func reconcile(_ context: DeviceContext) async throws(DriverError) {
        guard isDue else { return }
        switch context.store.state {
        case .notConfigured: break
        case .deleted: try await context.removeAll()
        case .serving(let served), .suspended(let served):
            // The ledger may be gone, or be older than the state: without this, nothing would be metered any more.
            await context.meter.serve(served.set)
            try await bringBack(served, context)
        }
        isDue = false
    }

    /// Puts right what can be; the rest is no obstacle to a change.
    func tryToReconcile(_ context: DeviceContext) async {
        do throws(DriverError) { try await reconcile(context) } catch {
            context.logger.error("the device is not as the state says", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Removes what a DELETE has left that failed or was interrupted, and begins the log of the next load balancers.
    ///
    /// - Throws: `DriverError`, which names what cannot be removed: the next load balancers must not get it.
    func finishDeletion(_ context: DeviceContext) async throws(DriverError) {
        do throws(DriverError) { try await reconcile(context) } catch {
            throw DriverError(error.code, "the last DELETE is not finished: \(error.message)")
        }
        try LogRemoval(context.files, context.logger).beginNext()
    }

    /// Ensures that the device is as it was asked to be before, whatever was done to it since.
    ///
    /// - Throws: `DriverError` where it cannot be brought to be.
    func requireInPlace(_ context: DeviceContext) async throws(DriverError) {
        let served = try context.store.state.requireServed()
        let observation = try context.running.observe(by: .after(.seconds(2)))
        isDue = isDue || !Self.serves(served, context.store.state.isSuspended, observation)
        try await reconcile(context)
    }

    /// Looks for what another program has changed: a lost file or socket is put right now, the rest is logged once, and
    /// put right by the next UPDATE.
    ///
    /// - Throws: `DriverError` where HAProxy runs and does not answer.
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
            context.logger.error("HAProxy cannot be controlled any more", metadata: [LogKeys.error: "\(reason)"])
            isDue = true
            return try await reconcile(context)
        }
        restoreFiles(rendered, served, context)
        if let snapshot = observation.snapshot, snapshot.fingerprint == served.fingerprint {
            let wanted = Set(rendered.servers.map(\.name))
            try context.running.deleteRetired(of: snapshot.servers, besides: wanted, by: .after(.seconds(1)))
        }
        report(drift(rendered, served, plan, context), context)
    }

    /// Whether HAProxy serves this, or is suspended with it.
    private static func serves(_ served: DeviceState.Served, _ isSuspended: Bool, _ observation: Observation) -> Bool {
        guard let snapshot = observation.snapshot, snapshot.fingerprint == served.fingerprint else { return false }
        return snapshot.misplacedFrontends(of: served.set, isSuspended: isSuspended).isEmpty
    }

    private func bringBack(_ wanted: DeviceState.Served, _ context: DeviceContext) async throws(DriverError) {
        let isSuspended = context.store.state.isSuspended
        var observation = try context.running.observe(by: .after(.seconds(4)))
        if case .uncontrolled = observation { observation = await rebindSockets(wanted, observation, context) }
        let served = context.store.state.served ?? wanted
        var rendered = context.render(served, isSuspended: isSuspended)
        let isFileRight = context.holds(context.files.config, served.checksum)
        if isFileRight {
            if rendered.fingerprint != served.fingerprint {
                context.logger.notice("the settings have changed; they apply with the next UPDATE")
            }
            // That alone is no reason to touch what is served.
            rendered = rendered.named(served.fingerprint)
            if Self.serves(served, isSuspended, observation), let snapshot = observation.snapshot {
                context.running.confirm(snapshot)
                // The agent may have ended before it could.
                context.running.forgetServerStates()
                return context.logger.info("HAProxy serves what the state says")
            }
        } else {
            context.logger.warning("haproxy.cfg is not what was served last; writing it again")
            try context.write(rendered.bytes)
        }
        await context.meter.readBeforeReload()
        let states = observation.snapshot.map { _ in context.running.carriedStates(from: rendered, to: rendered, nil) }
        try await context.running.serve(rendered, observation, carrying: states ?? "", within: Self.startTimeout)
        if rendered.fingerprint != served.fingerprint || !isFileRight {
            try context.store.commit(DeviceState(rendered))
        }
        context.logger.info("HAProxy serves again what the state says")
    }

    /// Has HAProxy bind sockets again whose files are gone, by a reload: no connection is lost.
    ///
    /// - Returns: What runs then.
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
            context.logger.warning("the file of a socket was gone; HAProxy has bound it again")
        } catch {
            context.logger.error("HAProxy does not bind its socket again", metadata: [LogKeys.error: "\(error)"])
        }
        return observation
    }

    /// Ends an HAProxy that has not answered for a long time; the next try starts another.
    private func endSilence(_ error: DriverError, _ context: DeviceContext) async throws(DriverError) {
        guard error.code == .timedOut else {
            silentSince = nil
            return
        }
        let since = silentSince ?? .now
        silentSince = since
        guard .now - since > Self.longestSilence else { return }
        context.logger.error("HAProxy does not answer; starting it again", metadata: [LogKeys.error: "\(error)"])
        silentSince = nil
        isDue = true
        try await context.running.stop()
        try await reconcile(context)
    }

    /// Writes files again that were removed.
    private func restoreFiles(_ rendered: RenderedConfiguration, _ served: DeviceState.Served, _ context: DeviceContext)
    {
        do throws(DriverError) {
            if context.contents(of: context.files.config) == nil, rendered.fingerprint == served.fingerprint {
                try context.write(rendered.bytes)
                // A host name may have another address since.
                if rendered.checksum != served.checksum { try context.store.commit(DeviceState(rendered)) }
                context.logger.warning("haproxy.cfg was gone; written again")
            }
            if try context.store.restoreIfMissing() { context.logger.warning("state.json was gone; written again") }
        } catch {
            context.logger.error("a file of the state is gone", metadata: [LogKeys.error: "\(error)"])
        }
    }

    private func report(_ drift: String?, _ context: DeviceContext) {
        guard view.show(drift) else { return }
        if let drift {
            context.logger.warning(
                "another program has changed the device; the next UPDATE restores it",
                metadata: [LogKeys.drift: "\(drift)"]
            )
        } else {
            context.logger.info("the device is as the state says again")
        }
    }

    /// What is different, in lines; nil where nothing is.
    private func drift(
        _ rendered: RenderedConfiguration,
        _ served: DeviceState.Served,
        _ plan: ChangePlan,
        _ context: DeviceContext
    ) -> String? {
        var findings: [String] = []
        let bytes = context.contents(of: context.files.config)
        if bytes.map({ Fingerprint($0) == served.checksum }) != true {
            findings.append("haproxy.cfg:\n" + LineDifference.describe(from: rendered.text, toFile: bytes))
        }
        // What an earlier agent has written in another way is no drift.
        if rendered.fingerprint == served.fingerprint, plan != .nothing {
            findings.append("the running HAProxy; what will be done: \(plan)")
        }
        return findings.isEmpty ? nil : findings.joined(separator: "\n")
    }
}
