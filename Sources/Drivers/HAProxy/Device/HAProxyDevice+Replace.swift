// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

extension HAProxyDevice {
    /// Checks that what is to be listened on is free, or HAProxy's own.
    func requirePorts(_ rendered: RenderedConfiguration, beside state: DeviceState) throws(DriverError) {
        let deadline = Deadline.after(.seconds(2))
        var listening: [LoadBalancer] = []
        let isRunning = try service.processes(by: deadline) != nil
        if isRunning {
            // What else may run there has ports that nobody here knows; HAProxy itself will find out.
            guard let served = state.served, try service.runningFingerprint(by: deadline) == served.fingerprint else {
                return
            }
            // A front end that is paused, or disabled, has left its port to whoever comes.
            let states = try service.frontendStates(by: deadline)
            listening = served.set.loadBalancers.filter { states[ProxyName($0.protocol.metered).frontend] == "OPEN" }
        }
        try requireStatisticsAddress(beside: rendered.set, isRunning: isRunning)
        try PortProbe.requireFree(rendered.set, beside: listening, renderer.facts)
    }

    /// Has HAProxy check what was rendered; nothing that counts is touched.
    func checkCandidate(_ rendered: RenderedConfiguration) async throws(DriverError) {
        try writeCandidate(rendered)
        defer { try? AtomicFile.remove(files.candidate, isFlushed: false) }
        try await check.check(files.candidate, rendered)
    }

    /// Has HAProxy check what was rendered, and makes ready meanwhile all that can be: nothing that counts is touched.
    func prepareReplacement(with rendered: RenderedConfiguration) async throws(DriverError) -> Replacement {
        try writeCandidate(rendered)
        defer { try? AtomicFile.remove(files.candidate, isFlushed: false) }
        async let checked = check.result(files.candidate, rendered)
        async let metered: Void = meter.readBeforeReload()
        let states = carriedStates(to: rendered)
        let state = try store.prepare(DeviceState(rendered))
        await metered
        try await checked.get()
        onStep(.checked)
        return Replacement(state: state, serverStates: states)
    }

    /// What a change to another file needs.
    struct Replacement: ~Copyable {
        /// What is to be committed.
        let state: DeviceStore.Prepared
        /// What a new worker is to know of the nodes.
        let serverStates: String
    }

    private func writeCandidate(_ rendered: RenderedConfiguration) throws(DriverError) {
        do throws(FileError) {
            try AtomicFile.makeFolder(files.stateFolder)
            try AtomicFile.makeFolder(files.config.removingLastComponent())
            try PreparedFile(rendered.bytes, for: files.candidate, isFlushed: false).commit(isFlushed: false)
        } catch { throw DriverError(.stateUnwritable, error.description) }
    }

    /// Puts the file in its place, has HAProxy serve it, and commits; on any failure everything is as before.
    func replace(
        with rendered: RenderedConfiguration,
        _ replacement: consuming Replacement
    ) async throws(DriverError) {
        let old = store.state
        let oldBytes = contents(of: files.config)
        do throws(DriverError) {
            try keepLastGood()
            onStep(.lastGoodKept)
            try write(rendered.bytes)
            onStep(.fileWritten)
            try await serve(rendered, carrying: replacement.serverStates)
            onStep(.served)
            // Before the commit: what counts as served is metered, whenever the agent ends.
            await meter.serve(rendered.set)
            onStep(.metered)
            try store.commit(replacement.state)
            onStep(.committed)
        } catch {
            logger.error("a change failed; going back", metadata: [LogKeys.error: "\(error)"])
            await goBack(to: old, oldBytes)
            throw error
        }
        logger.info("HAProxy serves a new configuration")
    }

    /// Reloads a running HAProxy, or starts one.
    ///
    /// - Parameter states: What a new worker is to know of the nodes; where it is nil, it is read.
    func serve(_ rendered: RenderedConfiguration, carrying states: String? = nil) async throws(DriverError) {
        let isRunning = try service.processes(by: .after(.seconds(2))) != nil
        try writeServerStates(isRunning ? states ?? carriedStates(to: rendered) : ServerStateTable.empty)
        // An HAProxy that starts by itself later is not to believe what was found now.
        defer { try? writeServerStates(ServerStateTable.empty) }
        onStep(.statesWritten)
        if isRunning {
            try await service.reload(rendered)
        } else {
            try await service.start(rendered)
        }
        removed = [:]
        mayHaveRemoved = false
        confirmedWorker = try service.processes(by: .after(.seconds(2)))?.worker
    }

    /// Puts back what was there before.
    func goBack(to old: DeviceState, _ bytes: [UInt8]?) async {
        do throws(DriverError) {
            guard let served = old.served else { return try await withdraw(restoring: bytes) }
            await meter.serve(served.set)
            let rendered = renderer.render(served.set, isSuspended: old.isSuspended)
            // What was there to the letter, where it was what the state says; else what the state says.
            let isKnown = bytes.map { Fingerprint($0) == served.checksum } ?? false
            try write(isKnown ? bytes ?? rendered.bytes : rendered.bytes)
            let deadline = Deadline.after(.seconds(2))
            let isRunning = try service.processes(by: deadline) != nil
            if isRunning, try service.runningFingerprint(by: deadline) == served.fingerprint { return }
            try await serve(rendered)
        } catch {
            logger.error("going back failed; trying again later", metadata: [LogKeys.error: "\(error)"])
            isRecovered = false
        }
    }

    /// Replaces haproxy.cfg.
    ///
    /// The state alone is flushed to the disk: should the machine end before this file is, the recovery makes it again.
    func write(_ bytes: [UInt8]) throws(DriverError) {
        do throws(FileError) {
            try PreparedFile(bytes, for: files.config, isFlushed: false).commit(isFlushed: false)
        } catch {
            throw DriverError(.stateUnwritable, error.description)
        }
    }

    /// Gives haproxy.cfg a second name, under which it stays when it is replaced.
    func keepLastGood() throws(DriverError) {
        do throws(FileError) { try AtomicFile.link(files.config, to: files.lastGood) } catch {
            throw DriverError(.stateUnwritable, error.description)
        }
    }

    /// A file's bytes; nil where it cannot be read, which is as good as not there.
    func contents(of path: FilePath) -> [UInt8]? { try? AtomicFile.read(path) }
}
