// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// The objects that changes and the reconciler use; confined to one thread.
final class DeviceContext {
    let renderer: HAProxyRenderer
    let running: RunningHAProxy
    let check: ConfigurationCheck
    let files: DeviceFiles
    let keys: KeyFolder
    let store: DeviceStore
    let meter: Meter
    let logger: Logger
    /// Called at every step of a change; the agent may end between any two.
    let onStep: @Sendable (ChangeStep) -> Void
    /// The last rendered configurations: in most cases the wanted and the committed one.
    private var recent: [RenderedConfiguration] = []

    init(
        _ renderer: HAProxyRenderer,
        _ store: DeviceStore,
        _ keys: KeyFolder,
        _ meter: Meter,
        _ logger: Logger,
        _ ends: EndCount,
        onStep: @escaping @Sendable (ChangeStep) -> Void
    ) {
        self.renderer = renderer
        let configuration = renderer.configuration
        files = DeviceFiles(configuration)
        self.keys = keys
        running = RunningHAProxy(configuration.makeService(), files, keys, ends, onStep: onStep)
        check = ConfigurationCheck(configuration.settings.binary)
        self.store = store
        self.meter = meter
        self.logger = logger
        self.onStep = onStep
    }

    /// Renders the load balancers of a state.
    func render(_ served: DeviceState.Served, isSuspended: Bool) -> RenderedConfiguration {
        render(served.set, isSuspended: isSuspended)
    }

    /// Renders load balancers.
    func render(_ set: LoadBalancerSet, isSuspended: Bool) -> RenderedConfiguration {
        if let known = recent.first(where: {
            $0.isSuspended == isSuspended && $0.set == set && renderer.hasAddresses(of: $0)
        }) {
            return known
        }
        let rendered = renderer.render(set, isSuspended: isSuspended)
        recent = [rendered] + recent.prefix(1)
        return rendered
    }

    /// Observes HAProxy and finds the plan for the wanted configuration.
    ///
    /// - Throws: `DriverError` if HAProxy runs but does not answer.
    func plan(to wanted: RenderedConfiguration) throws(DriverError) -> (Observation, ChangePlan) {
        let deadline = Deadline.after(.seconds(2))
        var observation = try running.observe(by: deadline)
        let plan = try running.plan(
            to: wanted,
            from: try loadedConfiguration(observation),
            &observation,
            by: deadline
        )
        if case .runtime(let changes) = plan, let obstacle = try longCertificate(in: changes) {
            return (observation, .reload([obstacle]))
        }
        return (observation, plan)
    }

    private func longCertificate(in changes: [RuntimeChange]) throws(DriverError) -> ReloadReason? {
        for case .certificate(let change) in changes {
            if case .remove = change { continue }
            let count = try keys.content(of: change.slot.container).secret.utf8.count
            if count > CertificateChange.mostBytes { return .longCertificate(change.slot.container.id, count) }
        }
        return nil
    }

    /// The configuration that HAProxy loaded, with all changes since, if it matches the state; nil if it is unknown.
    ///
    /// - Throws: `DriverError` if HAProxy does not answer.
    private func loadedConfiguration(_ observation: Observation) throws(DriverError) -> RenderedConfiguration? {
        guard case .running(let snapshot) = observation, let served = store.state.served,
            snapshot.fingerprint == served.fingerprint
        else { return nil }
        // If another program reloaded the worker, it may have loaded a file that another program wrote.
        let rendered = render(served, isSuspended: store.state.isSuspended)
        if !running.isConfirmed(snapshot) {
            guard holds(files.config, served.checksum), try running.holds(rendered.lists, snapshot) else { return nil }
        }
        running.confirm(snapshot)
        // An earlier version may have rendered it differently: then its details are unknown.
        return rendered.fingerprint == served.fingerprint ? rendered : nil
    }

    /// Whether a file has this checksum.
    func holds(_ path: FilePath, _ checksum: Fingerprint) -> Bool {
        contents(of: path).map { Fingerprint($0) == checksum } ?? false
    }

    /// A file's bytes; nil if it is missing or cannot be read.
    func contents(of path: FilePath) -> [UInt8]? { try? AtomicFile.read(path) }

    /// Replaces haproxy.cfg.
    ///
    /// Only the state is flushed to the disk: if the file is lost in a power failure, the reconciler writes it again.
    ///
    /// - Parameter usesSpare: Whether to write to a full disk, with the reserved space.
    /// - Throws: `DriverError` with code `stateUnwritable`.
    func write(_ bytes: [UInt8], usesSpare: Bool = false) throws(DriverError) {
        try prepareFile(bytes, usesSpare: usesSpare).commit()
        SpareRoom(for: files.config).keep(bytes.count)
    }

    /// Writes the file that will replace haproxy.cfg.
    ///
    /// - Parameter usesSpare: Whether to write to a full disk, with the reserved space.
    /// - Throws: `DriverError` with code `stateUnwritable`.
    func prepareFile(_ bytes: [UInt8], usesSpare: Bool = false) throws(DriverError) -> PreparedConfiguration {
        PreparedConfiguration(
            file: try stateUnwritable { () throws(FileError) in
                try AtomicFile.makeFolder(files.config.removingLastComponent())
                return try PreparedFile(bytes, for: files.config, isFlushed: false, usesSpare: usesSpare)
            }
        )
    }
}

/// A new haproxy.cfg under a temporary name.
struct PreparedConfiguration: ~Copyable {
    let file: PreparedFile

    /// Renames it to haproxy.cfg.
    ///
    /// - Throws: `DriverError` with code `stateUnwritable`.
    consuming func commit() throws(DriverError) {
        do throws(FileError) { try file.commit(isFlushed: false) } catch {
            throw DriverError(.stateUnwritable, error.description)
        }
    }
}

/// Runs an operation on a state file.
///
/// - Throws: `DriverError` with code `stateUnwritable` if the file cannot be written.
func stateUnwritable<Success: ~Copyable>(_ body: () throws(FileError) -> Success) throws(DriverError) -> Success {
    do throws(FileError) { return try body() } catch { throw DriverError(.stateUnwritable, error.description) }
}
