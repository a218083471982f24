// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem

extension HAProxyDevice {
    /// Changes the running HAProxy; on any failure, a reload has it serve exactly what is wanted, or what it served.
    func change(
        _ changes: [RuntimeChange],
        to rendered: RenderedConfiguration,
        from old: DeviceState
    ) async throws(DriverError) {
        let file: PreparedFile
        do throws(FileError) {
            // Recovery makes it again from the state, should the machine end before it is on the disk.
            file = try PreparedFile(rendered.bytes, for: files.config, isFlushed: false)
        } catch { throw DriverError(.stateUnwritable, error.description) }
        let state = try store.prepare(DeviceState(rendered))
        try keepLastGood()
        onStep(.prepared)
        do throws(DriverError) { try command(changes, to: rendered) } catch {
            // Whoever does not answer now would not answer to a reload either.
            guard error.code != .timedOut else {
                isRecovered = false
                throw error
            }
            logger.warning("a change without a reload failed; reloading", metadata: [LogKeys.error: "\(error)"])
            _ = consume file
            _ = consume state
            return try await replace(with: rendered, prepareReplacement(with: rendered))
        }
        await meter.serve(rendered.set)
        do throws(DriverError) {
            do throws(FileError) { try file.commit(isFlushed: false) } catch {
                throw DriverError(.stateUnwritable, error.description)
            }
            onStep(.fileReplaced)
            try store.commit(state)
            onStep(.stateReplaced)
        } catch {
            await goBack(to: old, nil)
            throw error
        }
        logger.info("HAProxy was changed without a reload")
    }

    /// Has HAProxy make the changes, between two notes of which configuration it is that it serves.
    private func command(_ changes: [RuntimeChange], to rendered: RenderedConfiguration) throws(DriverError) {
        let deadline = Deadline.after(.seconds(4))
        if !changes.isEmpty {
            try service.mark(.changing, by: deadline)
            onStep(.begun)
            let middle = changes.count / 2
            try perform(changes[..<middle], deadline)
            onStep(.halfway)
            try perform(changes[middle...], deadline)
        }
        try service.mark(.serving(rendered.fingerprint), by: deadline)
        onStep(.changed)
    }

    private func perform(_ changes: ArraySlice<RuntimeChange>, _ deadline: Deadline) throws(DriverError) {
        let answers = try service.perform(changes.flatMap(\.commands), by: deadline)
        var next = answers.startIndex
        for change in changes {
            next += change.commands.count
            switch change {
            case .remove(let name) where RuntimeCommand.isBusy(answers[next - 1]):
                removed[name] = lastRendered?.servers.first { $0.name == name }
                mayHaveRemoved = true
            case .restore(let server): removed[server.name] = nil
            default: break
            }
        }
    }

    /// Lets go of removed servers whose last connection has ended.
    func forgetRemoved() throws(DriverError) {
        guard mayHaveRemoved, let served = store.state.served else { return }
        let deadline = Deadline.after(.seconds(1))
        guard try service.runningMark(by: deadline) == .serving(served.fingerprint) else { return }
        let wanted = Set(
            served.set.loadBalancers.flatMap { loadBalancer in
                loadBalancer.nodes.map { ServerName(loadBalancer.protocol.metered, $0.id) }
            }
        )
        let ending = try service.servers(by: deadline).servers.filter { $0.isDisabled && !wanted.contains($0.name) }
        let commands = ending.map { RuntimeCommand("del server", "\($0.name)", answers: .deletion) }
        let answers = try service.perform(commands, by: deadline)
        for (server, answer) in zip(ending, answers) where !RuntimeCommand.isBusy(answer) { removed[server.name] = nil }
        mayHaveRemoved = answers.contains { RuntimeCommand.isBusy($0) }
    }
}
