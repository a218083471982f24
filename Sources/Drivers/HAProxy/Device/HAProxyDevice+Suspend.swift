// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem

extension HAProxyDevice {
    /// How long is waited for all answers to one step.
    private static let patience = Duration.seconds(4)
    /// How long is waited for the answer of one worker that only finishes what it has.
    private static let oldWorkerPatience = Duration.milliseconds(500)

    /// Closes the ports and the connections of the running HAProxy, whose checks and counters go on.
    func pause(_ rendered: RenderedConfiguration) async throws(DriverError) {
        let oldBytes = contents(of: files.config)
        store.setPausing(true)
        defer { store.setPausing(false) }
        // From here on, an HAProxy that is restarted, by whomever, stays suspended.
        try write(rendered.bytes)
        do throws(DriverError) {
            let deadline = Deadline.after(Self.patience)
            if try service.processes(by: deadline) == nil {
                try await service.start(rendered)
            } else if try service.runningFingerprint(by: deadline) == rendered.fingerprint {
                try command("experimental-mode on; set var proc.suspended bool(true)", deadline)
                for (name, state) in try service.frontendStates(by: deadline) where state == "OPEN" {
                    try command("disable frontend \(name)", deadline)
                }
                try await closeConnections()
            } else {
                await meter.readBeforeReload()
                try await service.reload(rendered)
                try await closeConnections()
            }
            try store.commit(DeviceState(rendered))
        } catch {
            await undo(oldBytes, after: error)
            throw error
        }
        logger.info("HAProxy is suspended")
    }

    /// Opens the ports again.
    func resume(_ rendered: RenderedConfiguration) async throws(DriverError) {
        let oldBytes = contents(of: files.config)
        try requirePorts(rendered, beside: store.state)
        try write(rendered.bytes)
        do throws(DriverError) {
            if try !unpause(rendered) {
                await meter.readBeforeReload()
                try await serve(rendered)
            }
            try store.commit(DeviceState(rendered))
        } catch {
            await undo(oldBytes, after: error)
            throw error
        }
        logger.info("HAProxy serves again")
    }

    /// Undoes a pause, where one is all that keeps the running HAProxy from serving.
    ///
    /// - Returns: Whether it serves now.
    func unpause(_ rendered: RenderedConfiguration) throws(DriverError) -> Bool {
        let deadline = Deadline.after(Self.patience)
        guard try service.processes(by: deadline) != nil,
            try service.runningFingerprint(by: deadline) == rendered.fingerprint
        else { return false }
        let states = try service.frontendStates(by: deadline)
        // A front end that is disabled in the file that HAProxy runs is not even listed.
        guard states.count == rendered.set.loadBalancers.count else { return false }
        for (name, state) in states where state != "OPEN" { try command("enable frontend \(name)", deadline) }
        try command("experimental-mode on; set var proc.suspended bool(false)", deadline)
        return try service.frontendStates(by: deadline).values.allSatisfy { $0 == "OPEN" }
    }

    /// Gives what is under way a moment to end, and ends it then, in the workers of before the last reloads too.
    ///
    /// Kept-alive connections without a request are in no list; the current worker's variable has their next request
    /// refused, and the others end with all that they have.
    private func closeConnections() async throws(DriverError) {
        let graceEnd = Deadline.after(renderer.configuration.suspendGrace)
        let begun = Deadline.after(.seconds(1))
        var deadline = Deadline.after(Self.patience)
        let oldWorkers = try service.processes(by: deadline)?.oldWorkers ?? []
        while true {
            deadline = .after(Self.patience)
            var sessions = try clientSessions(nil, deadline).map { (worker: Int32?.none, name: $0) }
            for worker in oldWorkers {
                // One that does not answer is ended all the same.
                let held = (try? clientSessions(worker, .earlier(deadline, .after(Self.oldWorkerPatience)))) ?? []
                sessions += held.map { (worker, $0) }
            }
            if sessions.isEmpty { break }
            if graceEnd.hasPassed {
                for session in sessions where session.worker == nil {
                    try command("shutdown session \(session.name)", deadline)
                }
                break
            }
            // Thousands of sessions take their time to list, and a long grace is nobody's hurry.
            try await pause(begun.hasPassed ? .milliseconds(250) : .milliseconds(20))
        }
        if !oldWorkers.isEmpty { try await meter.end(oldWorkers) }
    }

    private func pause(_ duration: Duration) async throws(DriverError) {
        do { try await Task.sleep(for: duration) } catch {
            throw DriverError(.cancelled, "the agent is stopping")
        }
    }

    private func clientSessions(_ worker: Int32?, _ deadline: Deadline) throws(DriverError) -> [Substring] {
        ClientSessions(try service.ask("show sess", worker: worker, by: deadline)).names
    }

    /// Has the current worker do something that is answered with an empty line.
    private func command(_ command: String, _ deadline: Deadline) throws(DriverError) {
        let answer = try service.ask(command, worker: nil, by: deadline)
        let words = answer.split(whereSeparator: \.isNewline)
        // Between the list and this, a session may have ended by itself.
        guard let first = words.first, !first.hasPrefix("Session terminated"), !first.hasPrefix("No such session")
        else {
            return
        }
        throw DriverError(.rejected, "HAProxy refuses \"\(command)\": \(first.prefix(120))")
    }

    /// Goes back after a failure; the recovery compares everything, and puts right what is not as the state says.
    private func undo(_ bytes: [UInt8]?, after error: DriverError) async {
        if let bytes { try? write(bytes) }
        isRecovered = false
        // Whoever does not answer now would not answer to that either; whoever waits for the reply has waited enough.
        if error.code != .timedOut { await recoverBeforeChange() }
    }
}
