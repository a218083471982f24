// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
package import Logging
package import SteelyardCore
import SteelyardSystem

/// Makes HAProxy serve what the messages ask for.
///
/// HAProxy runs in master-worker mode, in a session of its own: it outlives the agent and is adopted by the next one.
/// What was asked for is kept in the state's folder, and ``run()`` sees to it that HAProxy serves it: after a crash of
/// either, and after a restart of the device.
package final class HAProxyDriver: LoadBalancerDriver {
    private let configuration: HAProxyConfiguration
    private let renderer: HAProxyRenderer
    private let nodeAddresses: NodeAddresses
    private let device: HAProxyDevice
    private let store: DeviceStore
    private let meter: Meter
    private let reader: StatusReader
    private let files: DeviceFiles
    private let supervisor: Supervisor
    private let rotation: LogRotation
    private let deletions = DeletionCount()
    private let isReadOnly: Bool
    private let logger: Logger

    /// Creates a driver; it does nothing to the device before the first message, or ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: How HAProxy is run.
    ///   - logger: Takes what happens to HAProxy; no message's content.
    ///   - descriptors: Keeps the connections to old workers for the agent's next process.
    ///   - isReadOnly: Whether another agent may have the state folder: its files are left as they are.
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
        device = try HAProxyDevice(renderer, store, meter, logger, ends, onStep: onStep)
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

    /// Serves exactly these load balancers, by the cheapest safe way there: see <doc:Changes>.
    ///
    /// - Throws: `DriverError`: `rejected` and `addressInUse` with the field at fault, `stateUnwritable`, `unavailable`
    ///   and `timedOut`. HAProxy then serves what it served before.
    package func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        defer { supervisor.event.yield() }
        await nodeAddresses.refresh(for: wanted)
        try check(wanted)
        openStateFolder()
        try await device.apply(wanted)
    }

    /// Checks what no change of HAProxy is needed for.
    private func check(_ wanted: LoadBalancerSet) throws(DriverError) {
        do throws(DriverError) { try renderer.check(wanted) } catch {
            // A port that another program has is the cause where a node is at that port: there is no loop then.
            let held = store.state.isSuspended ? [] : store.state.served?.set.loadBalancers ?? []
            try PortProbe.requireFree(wanted, besides: held, renderer.facts)
            throw error
        }
        let room = renderer.room(for: wanted)
        try room.require()
        if let shortage = room.shortage {
            logger.warning("HAProxy gets fewer connections than asked for", metadata: [LogKeys.error: "\(shortage)"])
        }
    }

    private func openStateFolder() {
        do throws(SettingError) { try configuration.openStateFolder() } catch {
            logger.warning("stick tables are lost at each reload", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Closes the ports at once and the connections after the configuration's grace; checks and counters go on.
    ///
    /// - Throws: `DriverError`.
    package func suspend() async throws(DriverError) {
        defer { supervisor.event.yield() }
        try await device.suspend()
    }

    /// Opens the ports again, without a reload where HAProxy has run all the time.
    ///
    /// - Throws: `DriverError`.
    package func enable() async throws(DriverError) {
        defer { supervisor.event.yield() }
        try await device.enable()
    }

    /// Stops HAProxy, and removes its configuration, the last good one, the logs and the usage.
    ///
    /// - Throws: `DriverError`.
    package func delete() async throws(DriverError) {
        defer { supervisor.event.yield() }
        deletions.add()
        try await device.delete()
    }

    /// Has HAProxy check what a change would render, and tells the lines that would be different.
    ///
    /// - Throws: `DriverError`.
    package func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        if case .apply(let wanted) = change {
            await nodeAddresses.refresh(for: wanted, isSaved: false)
            try check(wanted)
        }
        return try await device.preview(change)
    }

    /// Asks HAProxy for the states of the nodes; where it is just starting again, waits for it within the second.
    ///
    /// - Throws: `DriverError`: `notRunning`, `timedOut`, `unavailable`.
    package func status() async throws(DriverError) -> DeviceStatus {
        try await reader.status(isPausing: { [store] in store.isPausing }, of: { [store] in store.state })
    }

    /// The HAProxy that answered the last STATS.
    package func proxyStatus() async -> ProxyStatus? {
        guard store.state.served != nil, var status = reader.proxyStatus else { return nil }
        status.unexpectedEnds = supervisor.ends.value
        status.oldProcesses = meter.view.oldProcesses
        status.drift = device.drift.drift
        status.driftCount = device.drift.count
        status.bytesOut = meter.view.bytesOut
        return status
    }

    /// The version of the committed state, from memory; HAProxy is not asked.
    package func configurationVersion() async throws(DriverError) -> ConfigurationVersion? {
        store.state.served?.set.version
    }

    /// Reads the counters of all workers, and reports what was sent to clients since the last committed report.
    ///
    /// - Throws: `DriverError`: also if a worker does not answer; what it has sent stays for the next report.
    package func usage() async throws(DriverError) -> UsageReport {
        try await meter.report(of: { [store] () throws(DriverError) in try store.state.requireServed().set })
    }

    /// Takes note that a report was delivered, in memory and on disk.
    package func commit(_ report: UsageReport) async throws(DriverError) {
        await meter.commit(report)
    }

    /// Opens HAProxy's log and its rotated siblings as they are now, also without a configuration.
    ///
    /// A log without a file has no lines. A later DELETE takes nothing from a log that HAProxy writes itself.
    ///
    /// - Throws: `DriverError`: `deleted` after a DELETE, `logUnavailable` if the log itself cannot be read.
    package func openLog() async throws(DriverError) -> any OpenedLog {
        guard store.state != .deleted else { throw DriverError.noLogs }
        let log: Result<HAProxyLog, DriverError>
        let count = deletions.value
        do throws(ThreadError) {
            log = try await DedicatedThread.run(name: "haproxy-log") { [files, deletions, isReadOnly, logger] in
                Result { () throws(DriverError) in
                    try HAProxyLog(
                        in: files.logFolder,
                        from: files.readLogStart(),
                        logger,
                        hold: isReadOnly ? nil : files.logHold,
                        isDeleted: { deletions.value != count }
                    )
                }
            }
        } catch { throw DriverError(.logUnavailable, "cannot open HAProxy's log: \(error)") }
        return try log.get()
    }

    /// Compares the device with the state, as ``run()`` does every few seconds.
    func lookForDrift() async { await device.look() }

    /// Keeps HAProxy running while it should, and its counters read, until the task is cancelled.
    package func run() async throws {
        await checkBinary()
        if let served = store.state.served {
            openStateFolder()
            await nodeAddresses.refresh(for: served.set)
        }
        async let rotating: Void = rotation.run()
        await supervisor.run()
        await rotating
    }

    /// Logs which HAProxy there is, or that there is none: an operator is not to learn that from the first UPDATE.
    private func checkBinary() async {
        do throws(DriverError) {
            let program = ExternalProgram(configuration.settings.binary, option: "haproxy.binary")
            let ending = try await program.run(["-v"], within: .seconds(10))
            guard ending.isSuccess else { throw DriverError(.unavailable, "\(configuration.settings.binary) -v fails") }
            let line = ending.output.split(separator: "\n").first ?? ""
            logger.info("HAProxy found", metadata: ["haproxy.version": "\(line.prefix(120))"])
        } catch {
            logger.error("HAProxy cannot be run", metadata: [LogKeys.error: "\(error)"])
        }
    }
}
