// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem

extension HAProxyDevice {
    /// Puts right what a crash has left, or somebody's hand, and starts HAProxy where it should run and does not.
    ///
    /// - Returns: The master that is to be watched; nil where none should run.
    /// - Throws: `DriverError` where HAProxy cannot be brought to serve what it should.
    func ensureRunning() async throws(DriverError) -> ProcessHandle? {
        try await turns.withTurn { () throws(DriverError) in
            try await recover()
            guard store.state.served != nil else { return nil }
            guard let table = try service.processes(by: .after(.seconds(2))) else {
                isRecovered = false
                try await recover()
                return try service.processes(by: .after(.seconds(2))).flatMap { ProcessHandle($0.master) }
            }
            return ProcessHandle(table.master)
        }
    }

    /// Puts right what a crash has left; what cannot be put right is no obstacle to a change.
    func recoverBeforeChange() async {
        do throws(DriverError) { try await recover() } catch {
            logger.error("the device is not as it should be", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Makes ready for a change, which itself replaces what a crash has left of something that is served.
    func makeReady() async {
        // The ledger may be gone: without this, what the current worker has sent would not be read.
        if let served = store.state.served { await meter.serve(served.set) } else { await recoverBeforeChange() }
    }

    /// Sees to it that the device is as was asked before, whatever somebody has done to it since.
    ///
    /// - Throws: `DriverError` where it cannot be brought to be.
    func requireAsAsked(_ served: DeviceState.Served) async throws(DriverError) {
        let rendered = renderer.render(served.set, isSuspended: store.state.isSuspended).named(served.fingerprint)
        let deadline = Deadline.after(.seconds(2))
        if try service.processes(by: deadline) != nil, try runs(rendered, by: deadline) { return }
        isRecovered = false
        try await recover()
    }

    private func recover() async throws(DriverError) {
        guard !isRecovered else { return }
        switch store.state {
        case .notConfigured: break
        case .deleted: try await removeAll()
        case .serving(let served), .suspended(let served):
            // The ledger may be gone, or be older than the state: without this, nothing would be metered ever again.
            await meter.serve(served.set)
            try await recover(served)
        }
        isRecovered = true
    }

    private func recover(_ served: DeviceState.Served) async throws(DriverError) {
        let isSuspended = store.state.isSuspended
        var rendered = renderer.render(served.set, isSuspended: isSuspended)
        let isFileRight = contents(of: files.config).map { Fingerprint($0) == served.checksum } ?? false
        let deadline = Deadline.after(.seconds(4))
        if isFileRight {
            // A newer agent may write the file differently; that alone is no reason to touch what is served.
            rendered = rendered.named(served.fingerprint)
            if try service.processes(by: deadline) != nil {
                if try runs(rendered, by: deadline) {
                    confirmedWorker = try service.processes(by: deadline)?.worker
                    // The agent may have ended before it could.
                    try writeServerStates(ServerStateTable.empty)
                    logger.info("HAProxy runs as it should")
                    return
                }
                if !isSuspended, try unpause(rendered) { return }
            }
        } else {
            logger.warning("haproxy.cfg is not what was served last; writing it again")
            try write(rendered.bytes)
        }
        await meter.readBeforeReload()
        try await serve(rendered)
        if rendered.fingerprint != served.fingerprint || !isFileRight { try store.commit(DeviceState(rendered)) }
        logger.info("HAProxy serves again what it should")
    }

    /// The front ends that are open and should not be, or are not and should be.
    func misplacedFrontends(
        of set: LoadBalancerSet,
        isSuspended: Bool,
        by deadline: Deadline
    ) throws(DriverError) -> [MeteredProtocol] {
        let states = try service.frontendStates(by: deadline)
        return set.loadBalancers.map(\.protocol.metered).filter { metered in
            (states[ProxyName(metered).frontend] == "OPEN") == isSuspended
        }
    }

    private func runs(_ rendered: RenderedConfiguration, by deadline: Deadline) throws(DriverError) -> Bool {
        guard try service.runningFingerprint(by: deadline) == rendered.fingerprint else { return false }
        return try misplacedFrontends(of: rendered.set, isSuspended: rendered.isSuspended, by: deadline).isEmpty
    }
}
