// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem

extension HAProxyDevice {
    /// The way from what runs to what is wanted.
    ///
    /// - Throws: `DriverError` where HAProxy runs and does not answer.
    func plan(to wanted: RenderedConfiguration, from state: DeviceState) throws(DriverError) -> ChangePlan {
        let deadline = Deadline.after(.seconds(2))
        guard let table = try service.processes(by: deadline) else { return .start }
        guard let configuration = try runningConfiguration(table, state, deadline) else {
            // What somebody else has HAProxy serve may have no socket to be asked on.
            return ChangePlan(from: RunningState(configuration: nil, servers: []), to: wanted)
        }
        // A reload is one, however the servers are; thousands of them take a while to be told and read.
        let isReload = configuration.structure != wanted.structure
        let servers = isReload ? [] : try service.servers(by: deadline).servers
        let running = RunningState(
            configuration: configuration,
            servers: servers,
            misplacedFrontends: try misplacedFrontends(
                of: configuration.set,
                isSuspended: state.isSuspended,
                by: deadline
            )
        )
        return ChangePlan(from: running, to: wanted, removed: removed)
    }

    /// Whether nothing at all is left to be done for this.
    func isInPlace(_ rendered: RenderedConfiguration, _ state: DeviceState) -> Bool {
        state == DeviceState(rendered) && contents(of: files.config) == rendered.bytes
    }

    /// What HAProxy was loaded with and changed to since, where that is what the state says.
    private func runningConfiguration(
        _ table: ProcessTable,
        _ state: DeviceState,
        _ deadline: Deadline
    ) throws(DriverError) -> RenderedConfiguration? {
        guard let served = state.served, acceptWorker(table, served) else { return nil }
        guard try service.runningMark(by: deadline) == .serving(served.fingerprint) else { return nil }
        if let lastRendered, lastRendered.fingerprint == served.fingerprint { return lastRendered }
        // An earlier agent may have written it in another way: then nobody knows what it has in detail.
        let rendered = renderer.render(served.set, isSuspended: state.isSuspended)
        guard rendered.fingerprint == served.fingerprint else { return nil }
        lastRendered = rendered
        return rendered
    }

    /// Whether the current worker can be taken for what it says: one that somebody else has loaded may have read a
    /// file that somebody else has written.
    private func acceptWorker(_ table: ProcessTable, _ served: DeviceState.Served) -> Bool {
        if table.worker == confirmedWorker { return true }
        guard contents(of: files.config).map({ Fingerprint($0) == served.checksum }) == true else { return false }
        confirmedWorker = table.worker
        return true
    }
}
