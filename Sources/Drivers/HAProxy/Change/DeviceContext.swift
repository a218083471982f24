// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// What a change and the reconciler work with; one thread has it.
final class DeviceContext {
    let renderer: HAProxyRenderer
    let running: RunningHAProxy
    let check: ConfigurationCheck
    let files: DeviceFiles
    let store: DeviceStore
    let meter: Meter
    let logger: Logger
    /// Is called at every step of a change, between any two of which the agent may end.
    let onStep: @Sendable (ChangeStep) -> Void
    /// What was rendered last: most often what is wanted, and the committed state.
    private var recent: [RenderedConfiguration] = []

    init(
        _ renderer: HAProxyRenderer,
        _ store: DeviceStore,
        _ meter: Meter,
        _ logger: Logger,
        _ ends: EndCount,
        onStep: @escaping @Sendable (ChangeStep) -> Void
    ) {
        self.renderer = renderer
        let configuration = renderer.configuration
        files = DeviceFiles(configuration)
        running = RunningHAProxy(configuration.makeService(), files, ends, onStep: onStep)
        check = ConfigurationCheck(configuration.settings.binary)
        self.store = store
        self.meter = meter
        self.logger = logger
        self.onStep = onStep
    }

    /// Renders what a state serves, or would.
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

    /// What runs, and the way from there to what is wanted.
    ///
    /// - Throws: `DriverError` where HAProxy runs and does not answer.
    func plan(to wanted: RenderedConfiguration) throws(DriverError) -> (Observation, ChangePlan) {
        let deadline = Deadline.after(.seconds(2))
        var observation = try running.observe(by: deadline)
        let plan = try running.plan(
            to: wanted,
            from: loadedConfiguration(observation),
            &observation,
            by: deadline
        )
        return (observation, plan)
    }

    /// What HAProxy was loaded with and changed to since, where that is what the state says; nil where it is not known.
    private func loadedConfiguration(_ observation: Observation) -> RenderedConfiguration? {
        guard case .running(let snapshot) = observation, let served = store.state.served,
            snapshot.fingerprint == served.fingerprint
        else { return nil }
        // A worker that another program has loaded may have read a file that another program has written.
        guard running.isConfirmed(snapshot) || holds(files.config, served.checksum) else { return nil }
        running.confirm(snapshot)
        let rendered = render(served, isSuspended: store.state.isSuspended)
        // An earlier agent may have written it in another way: then it is not known in detail.
        return rendered.fingerprint == served.fingerprint ? rendered : nil
    }

    /// Whether a file holds what has this checksum.
    func holds(_ path: FilePath, _ checksum: Fingerprint) -> Bool {
        contents(of: path).map { Fingerprint($0) == checksum } ?? false
    }

    /// A file's bytes; nil where it cannot be read, which is as good as not there.
    func contents(of path: FilePath) -> [UInt8]? { try? AtomicFile.read(path) }

    /// Replaces haproxy.cfg.
    ///
    /// The state alone is flushed to the disk: should the machine end before this file is, the reconciler makes it again.
    ///
    /// - Parameter usesSpare: Whether a full disk is no obstacle.
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func write(_ bytes: [UInt8], usesSpare: Bool = false) throws(DriverError) {
        try prepareFile(bytes, usesSpare: usesSpare).commit()
        SpareRoom(for: files.config).keep(bytes.count)
    }

    /// Writes what is to replace haproxy.cfg.
    ///
    /// - Parameter usesSpare: Whether a full disk is no obstacle.
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func prepareFile(_ bytes: [UInt8], usesSpare: Bool = false) throws(DriverError) -> PreparedConfiguration {
        PreparedConfiguration(
            file: try stateUnwritable { () throws(FileError) in
                try AtomicFile.makeFolder(files.config.removingLastComponent())
                return try PreparedFile(bytes, for: files.config, isFlushed: false, usesSpare: usesSpare)
            }
        )
    }
}

/// A haproxy.cfg that is written and not yet in its place.
struct PreparedConfiguration: ~Copyable {
    let file: PreparedFile

    /// Puts it in its place.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    consuming func commit() throws(DriverError) {
        do throws(FileError) { try file.commit(isFlushed: false) } catch {
            throw DriverError(.stateUnwritable, error.description)
        }
    }
}

/// Does something with a file of the state.
///
/// - Throws: `DriverError` with the code `stateUnwritable` where the file cannot be written.
func stateUnwritable<Success: ~Copyable>(_ body: () throws(FileError) -> Success) throws(DriverError) -> Success {
    do throws(FileError) { return try body() } catch { throw DriverError(.stateUnwritable, error.description) }
}
