// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Changes the device, one change at a time, on a thread of its own.
///
/// The steps of every change are in one order, so that a crash between any two leaves the old state or the new one:
/// the file on disk, the running HAProxy, and last ``DeviceStore``, which is what counts.
actor HAProxyDevice {
    private let executor: ThreadExecutor
    let renderer: HAProxyRenderer
    let service: any HAProxyService
    let check: ConfigurationCheck
    let files: DeviceFiles
    let store: DeviceStore
    let meter: Meter
    let logger: Logger
    /// Also keeps the supervisor's restarts and the changes apart.
    let turns = SerialGate()
    /// Told of every step of a change, between any two of which the agent may end.
    let onStep: @Sendable (ChangeStep) -> Void
    /// Whether what a crash may have left has been looked at.
    var isRecovered = false
    /// What the committed state renders to; a memory of what was rendered last.
    var lastRendered: RenderedConfiguration?
    /// The worker that was seen to serve what it should; another may have been given another file by somebody else.
    var confirmedWorker: Int32?
    /// What was removed while HAProxy ran, as it was then.
    var removed: [ServerName: ProxyServer] = [:]
    /// Whether there may be servers that are to be removed once their last connection has ended.
    var mayHaveRemoved = true
    /// What was logged last of what somebody else has changed.
    var lastDrift: String?

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(
        _ renderer: HAProxyRenderer,
        _ service: any HAProxyService,
        _ store: DeviceStore,
        _ meter: Meter,
        _ logger: Logger,
        onStep: @escaping @Sendable (ChangeStep) -> Void = { _ in }
    ) throws(ThreadError) {
        executor = try ThreadExecutor(name: "haproxy-device")
        self.renderer = renderer
        self.service = service
        self.store = store
        self.meter = meter
        self.logger = logger
        self.onStep = onStep
        check = ConfigurationCheck(renderer.configuration.binary)
        files = DeviceFiles(renderer.configuration)
    }

    /// Serves exactly these load balancers, or keeps them for the next ENABLE.
    func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        try await turns.withTurn { () throws(DriverError) in
            await makeReady()
            let before = store.state
            let rendered = renderer.render(wanted, isSuspended: before.isSuspended)
            let plan = try plan(to: rendered, from: before)
            logger.info("an UPDATE has its plan", metadata: [LogKeys.plan: "\(plan)"])
            switch plan {
            case .nothing where isInPlace(rendered, before):
                // The ledger may have been lost since, or may never have heard of this.
                await meter.serve(wanted)
            case .nothing: try await change([], to: rendered, from: before)
            case .runtime(let changes): try await change(changes, to: rendered, from: before)
            case .reload, .start:
                try requirePorts(rendered, beside: before)
                try await replace(with: rendered, prepareReplacement(with: rendered))
            }
            lastRendered = rendered
            isRecovered = true
        }
    }

    /// Stops serving, without HAProxy forgetting anything.
    func suspend() async throws(DriverError) {
        try await turns.withTurn { () throws(DriverError) in
            let served = try store.state.requireServed()
            if store.state.isSuspended { return try await requireAsAsked(served) }
            await makeReady()
            let rendered = renderer.render(served.set, isSuspended: true)
            try await pause(rendered)
        }
    }

    /// Serves again.
    func enable() async throws(DriverError) {
        try await turns.withTurn { () throws(DriverError) in
            let served = try store.state.requireServed()
            guard store.state.isSuspended else { return try await requireAsAsked(served) }
            await makeReady()
            let rendered = renderer.render(served.set, isSuspended: false)
            try await resume(rendered)
        }
    }

    /// Stops serving, and removes everything.
    func delete() async throws(DriverError) {
        try await turns.withTurn { () throws(DriverError) in
            // First of all: what a crash interrupts from here on, the next start goes on with.
            if store.state != .deleted { try await commitDeletion() }
            // What fails from here on, the supervisor tries again until it is done.
            isRecovered = false
            try await removeAll()
        }
    }

    /// Commits a DELETE, on a full disk too: what it is full of may be the very log that is to be removed.
    private func commitDeletion() async throws(DriverError) {
        do throws(DriverError) { try store.commit(.deleted) } catch {
            guard store.isDiskFull else { throw error }
            logger.warning("the disk is full; removing HAProxy's files before the state says so")
            // Where this fails, the state still says that HAProxy should serve, and the supervisor brings it back.
            isRecovered = false
            try await service.stop()
            do throws(FileError) {
                for file in [files.startLog, files.lastGood, files.candidate] { try AtomicFile.remove(file) }
            } catch { throw DriverError(.stateUnwritable, error.description) }
            try files.removeLog(logger)
            try store.commit(.deleted)
        }
    }

    /// Stops HAProxy, and removes every file but the state's.
    func removeAll() async throws(DriverError) {
        try await service.stop()
        try await meter.reset()
        do throws(FileError) {
            for file in files.all {
                try AtomicFile.remove(file)
            }
        } catch { throw DriverError(.stateUnwritable, error.description) }
        try files.removeLog(logger)
        isRecovered = true
    }
}
