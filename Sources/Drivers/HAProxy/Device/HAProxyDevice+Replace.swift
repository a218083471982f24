// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

extension HAProxyDevice {
    /// Whether the file on disk and the running HAProxy both are what was rendered already.
    func isInPlace(_ rendered: RenderedConfiguration) throws(DriverError) -> Bool {
        guard let served = store.state.served, served.fingerprint == rendered.fingerprint,
            contents(of: files.config) == rendered.bytes
        else { return false }
        let deadline = Deadline.after(.seconds(2))
        guard try service.processes(by: deadline) != nil else { return false }
        return try service.runningFingerprint(by: deadline) == rendered.fingerprint
    }

    /// Checks that what is to be listened on is free, or HAProxy's own.
    func requirePorts(_ rendered: RenderedConfiguration, beside state: DeviceState) throws(DriverError) {
        let deadline = Deadline.after(.seconds(2))
        var listening: [LoadBalancer] = []
        if try service.processes(by: deadline) != nil {
            // What else may run there has ports that nobody here knows; HAProxy itself will find out.
            guard let served = state.served, try service.runningFingerprint(by: deadline) == served.fingerprint else {
                return
            }
            // A front end that is paused, or disabled, has left its port to whoever comes.
            let states = try service.frontendStates(by: deadline)
            listening = served.set.loadBalancers.filter { states[ProxyName($0.protocol.metered).frontend] == "OPEN" }
        }
        try PortProbe.requireFree(rendered.set, beside: listening, renderer.facts)
    }

    /// Has HAProxy check what was rendered; nothing that counts is touched.
    func checkCandidate(_ rendered: RenderedConfiguration) async throws(DriverError) {
        do throws(FileError) {
            try AtomicFile.makeFolder(files.stateFolder)
            try AtomicFile.makeFolder(files.config.removingLastComponent())
            try AtomicFile.write(rendered.bytes, to: files.candidate)
        } catch { throw DriverError(.stateUnwritable, error.description) }
        defer { try? AtomicFile.remove(files.candidate) }
        try await check.check(files.candidate, rendered)
    }

    /// Puts the file in its place, has HAProxy serve it, and commits; on any failure everything is as before.
    func replace(with rendered: RenderedConfiguration) async throws(DriverError) {
        let old = store.state
        let oldBytes = contents(of: files.config)
        await readUsage()
        try write(rendered.bytes, keeping: oldBytes)
        do throws(DriverError) {
            try await serve(rendered)
            // Before the commit: what counts as served is metered, whenever the agent ends.
            await meter.serve(rendered.set)
            try store.commit(DeviceState(rendered))
        } catch {
            logger.error("a change failed; going back", metadata: [LogKeys.error: "\(error)"])
            await goBack(to: old, oldBytes)
            throw error
        }
        await readUsage()
        logger.info("HAProxy serves a new configuration")
    }

    /// Reloads a running HAProxy, or starts one.
    func serve(_ rendered: RenderedConfiguration) async throws(DriverError) {
        if try service.processes(by: .after(.seconds(2))) != nil {
            try await service.reload(rendered)
        } else {
            try await service.start(rendered)
        }
    }

    /// Puts back what was there before.
    private func goBack(to old: DeviceState, _ bytes: [UInt8]?) async {
        do throws(DriverError) {
            guard let served = old.served else {
                try await service.stop()
                do throws(FileError) { try AtomicFile.remove(files.config) } catch {
                    throw DriverError(.stateUnwritable, error.description)
                }
                return
            }
            await meter.serve(served.set)
            let rendered = renderer.render(served.set, isSuspended: old.isSuspended)
            // What was there to the letter, where it was what the state says; else what the state says.
            let isKnown = bytes.map { Fingerprint($0) == served.checksum } ?? false
            try write(isKnown ? bytes ?? rendered.bytes : rendered.bytes, keeping: nil)
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
    /// - Parameter old: What is to be kept as the last good file.
    func write(_ bytes: [UInt8], keeping old: [UInt8]?) throws(DriverError) {
        do throws(FileError) {
            if let old { try AtomicFile.write(old, to: files.lastGood) }
            try AtomicFile.write(bytes, to: files.config)
        } catch { throw DriverError(.stateUnwritable, error.description) }
    }

    /// A file's bytes; nil where it cannot be read, which is as good as not there.
    func contents(of path: FilePath) -> [UInt8]? { try? AtomicFile.read(path) }

    /// Reads the counters of workers that may soon be gone.
    func readUsage() async {
        do throws(DriverError) { try await meter.read(writing: true) } catch {
            logger.warning("a worker's counters cannot be read", metadata: [LogKeys.error: "\(error)"])
        }
    }
}
