// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
package import Logging
package import SteelyardCore
import SteelyardSystem
import Synchronization

/// Makes HAProxy serve the load balancers of the last message.
///
/// HAProxy runs in master-worker mode, in its own session: it outlives the agent, and the next agent takes it over. The
/// committed state is in the state folder; ``run()`` ensures that HAProxy serves it after a crash of HAProxy or of the
/// agent, and after a reboot of the device.
package final class HAProxyDriver: LoadBalancerDriver {
    private let configuration: HAProxyConfiguration
    private let renderer: HAProxyRenderer
    private let nodeAddresses: NodeAddresses
    private let device: HAProxyDevice
    private let store: DeviceStore
    private let keys: KeyFolder
    private let meter: Meter
    private let reader: StatusReader
    private let files: DeviceFiles
    private let supervisor: Supervisor
    private let rotation: LogRotation
    private let deletions = DeletionCount()
    private let loggedShortage = Mutex<String?>(nil)
    private let isReadOnly: Bool
    private let logger: Logger

    /// Creates a driver; it changes nothing on the device before the first message or ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: The configuration of HAProxy.
    ///   - logger: Receives HAProxy's events, but no content of messages.
    ///   - descriptors: Keeps the connections to old workers for the next agent process.
    ///   - isReadOnly: Whether another agent may own the state folder: its files are then not changed.
    ///   - onStep: Called at every step of a change.
    /// - Throws: `SettingError` for a setting that does not fit this device, and `ThreadError`.
    package init(
        configuration: HAProxyConfiguration,
        logger: Logger,
        descriptors: any DescriptorStore = NoDescriptorStore(),
        isReadOnly: Bool = false,
        onStep: @escaping @Sendable (ChangeStep) -> Void = { _ in }
    ) throws {
        try configuration.requireAccounts()
        self.logger = logger
        self.configuration = configuration
        files = DeviceFiles(configuration)
        self.isReadOnly = isReadOnly
        if !isReadOnly, let hold = files.logHold { LogFolder.removeHolds(in: hold) }
        let nodeAddresses = NodeAddresses(files.addresses)
        self.nodeAddresses = nodeAddresses
        renderer = HAProxyRenderer(configuration, .ofThisDevice(for: configuration)) { nodeAddresses.known($0) }
        keys = KeyFolder(configuration, isReadOnly: isReadOnly)
        store = DeviceStore(files.state, logger, isReadOnly: isReadOnly)
        rotation = LogRotation(
            files,
            bytes: configuration.settings.logRotateBytes,
            count: configuration.settings.logRotateCount,
            logger
        )
        meter = try Meter(
            files,
            logger,
            oldWorkerLimits: OldWorkerLimits(hardStopAfter: .seconds(configuration.settings.hardStopAfter)),
            descriptors: descriptors,
            isReadOnly: isReadOnly
        )
        reader = try StatusReader(files.adminSocket)
        let ends = EndCount()
        device = try HAProxyDevice(renderer, store, keys, meter, logger, ends, onStep: onStep)
        let (events, event) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        supervisor = Supervisor(
            device: device,
            meter: meter,
            store: store,
            service: configuration.makeService(),
            events: events,
            event: event,
            ends: ends,
            logger: logger
        )
    }

    /// Serves exactly these load balancers, by the cheapest safe plan: see <doc:Changes>.
    ///
    /// - Throws: `DriverError`: `rejected` and `addressInUse` with the invalid field, `stateUnwritable`, `unavailable`
    ///   and `timedOut`. HAProxy then serves the old configuration.
    package func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        defer { supervisor.event.yield() }
        await nodeAddresses.refresh(for: wanted)
        try check(wanted)
        openStateFolder()
        try await device.apply(wanted)
    }

    /// Checks the load balancers without HAProxy.
    private func check(_ wanted: LoadBalancerSet) throws(DriverError) {
        do throws(DriverError) { try renderer.check(wanted) } catch {
            // If another program listens on a node's port, that conflict is the cause, not a loop.
            let held = store.state.isSuspended ? [] : store.state.served?.set.loadBalancers ?? []
            try PortProbe.requireFree(wanted, besides: held, renderer.facts)
            throw error
        }
        let room = renderer.room(for: wanted)
        try room.require()
        let shortage = room.shortage.map { "\($0)" }
        // Once: an UPDATE each minute would fill the log.
        let isNew = loggedShortage.withLock { logged in
            defer { logged = shortage }
            return logged != shortage
        }
        if let shortage, isNew {
            logger.warning("maxconn reduced: too few file descriptors", metadata: [LogKeys.error: "\(shortage)"])
        }
    }

    private func openStateFolder() {
        do throws(SettingError) { try configuration.openStateFolder() } catch {
            logger.warning("stick tables are lost at each reload", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Closes the ports at once, and the connections after the grace period; checks and counters continue.
    ///
    /// - Throws: `DriverError`.
    package func suspend() async throws(DriverError) {
        defer { supervisor.event.yield() }
        try await device.suspend()
    }

    /// Opens the ports again; without a reload if HAProxy has kept running.
    ///
    /// - Throws: `DriverError`.
    package func enable() async throws(DriverError) {
        defer { supervisor.event.yield() }
        try await device.enable()
    }

    /// Stops HAProxy, and removes its configuration, the last good one, the logs and the usage ledger.
    ///
    /// - Throws: `DriverError`.
    package func delete() async throws(DriverError) {
        defer { supervisor.event.yield() }
        deletions.add()
        try await device.delete()
    }

    /// Checks a change with HAProxy, and returns the lines of haproxy.cfg that would change.
    ///
    /// - Throws: `DriverError`.
    package func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        if case .apply(let wanted) = change {
            await nodeAddresses.refresh(for: wanted, isSaved: false)
            try check(wanted)
        }
        return try await device.preview(change)
    }

    /// Queries HAProxy for the states of the nodes; waits up to a second if HAProxy is starting.
    ///
    /// - Throws: `DriverError`: `notRunning`, `timedOut`, `unavailable`.
    package func status() async throws(DriverError) -> DeviceStatus {
        do throws(DriverError) {
            return try await reader.status(isPausing: { [store] in store.isPausing }, of: { [store] in store.state })
        } catch { throw supervisor.failure.explain(error) }
    }

    /// The HAProxy that answered the last STATS.
    package func proxyStatus() async -> ProxyStatus? {
        guard store.state.served != nil else { return nil }
        // The status of a suspended device is known without HAProxy.
        if store.state.isSuspended { await reader.refresh() }
        guard var status = reader.proxyStatus else { return nil }
        status.unexpectedEnds = supervisor.ends.value
        status.oldProcesses = meter.view.oldProcesses
        status.drift = device.drift.drift
        status.driftCount = device.drift.count
        status.bytesOut = meter.view.bytesOut
        return status
    }

    /// The certificates of the committed state.
    package func certificates() async -> [CertificateStatus] { keys.status(of: store.state.served?.set) }

    /// What HAProxy 2.6 and newer can do.
    package var features: [DriverFeature] { DriverFeature.all }

    /// The version of the committed state, from memory; does not query HAProxy.
    package func configurationVersion() async throws(DriverError) -> ConfigurationVersion? {
        store.state.served?.set.version
    }

    /// Reads the counters of all workers, and returns the bytes sent to clients since the last committed report.
    ///
    /// - Throws: `DriverError`, also if a worker does not answer; its bytes remain for the next report.
    package func usage() async throws(DriverError) -> UsageReport {
        try await meter.report(of: { [store] () throws(DriverError) in try store.state.requireServed().set })
    }

    /// Records that a report was delivered, in memory and on disk.
    package func commit(_ report: UsageReport) async throws(DriverError) {
        await meter.commit(report)
    }

    /// Opens HAProxy's log and its rotated files as they are now, also without a configuration.
    ///
    /// A log without a file has no lines. A later DELETE removes nothing from an opened log that HAProxy writes itself.
    ///
    /// - Throws: `DriverError`: `deleted` after a DELETE, `logUnavailable` if the log itself cannot be read.
    package func openLog() async throws(DriverError) -> any OpenedLog {
        guard store.state != .deleted else { throw DriverError.noLogs }
        let log: Result<HAProxyLog, DriverError>
        let count = deletions.value
        do throws(ThreadError) {
            let open = CurrentJob.carried { [files, store, deletions, isReadOnly, logger] in
                Result { () throws(DriverError) in
                    try HAProxyLog(
                        in: files.logFolder,
                        from: files.readLogStart(),
                        logger,
                        hold: isReadOnly ? nil : files.logHold,
                        owners: files.readLogOwners(logger, isReadOnly: isReadOnly).flatMap { history in
                            history.hasIDs ? LogOwners(history, served: store.state.served?.set) : nil
                        },
                        isDeleted: { deletions.value != count }
                    )
                }
            }
            log = try await DedicatedThread.run(name: "haproxy-log", open)
        } catch { throw DriverError(.logUnavailable, "cannot open HAProxy's log: \(error)") }
        return try log.get()
    }

    /// Compares the device with the state, as ``run()`` does every few seconds.
    func lookForDrift() async { await device.look() }

    /// Keeps HAProxy running while it should, and reads its counters, until the task is cancelled.
    package func run() async throws {
        await checkBinary()
        if let served = store.state.served {
            openStateFolder()
            await nodeAddresses.refresh(for: served.set)
        }
        async let rotating: Void = rotation.run()
        async let watching: Void = CertificateWatch(keys: keys, store: store, logger: logger).run()
        await supervisor.run()
        await rotating
        await watching
    }

    /// Logs HAProxy's version, or an error if it is missing, so that an operator learns it before the first UPDATE.
    private func checkBinary() async {
        do throws(DriverError) {
            let program = ExternalProgram(configuration.settings.binary, option: "haproxy.binary")
            let ending = try await program.run(["-v"], within: .seconds(10))
            guard ending.isSuccess else { throw DriverError(.unavailable, "\(configuration.settings.binary) -v fails") }
            let line = ending.output.split(separator: "\n").first ?? ""
            logger.info("HAProxy found", metadata: ["haproxy.version": "\(line.prefix(120))"])
        } catch {
            logger.error("cannot run HAProxy", metadata: [LogKeys.error: "\(error)"])
        }
    }
}
