// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCore
import SteelyardSystem

extension HAProxyDevice {
    /// How long requests and connections that are under way may go on after a SUSPEND.
    private static let grace = Duration.seconds(1)
    /// How long is waited for one worker that only finishes what it has.
    private static let oldWorkerPatience = Duration.milliseconds(500)

    /// Closes the ports and the connections of the running HAProxy, whose checks and counters go on.
    func pause(_ rendered: RenderedConfiguration) async throws(DriverError) {
        let oldBytes = contents(of: files.config)
        // From here on, an HAProxy that is restarted, by whomever, stays suspended.
        try write(rendered.bytes, keeping: nil)
        do throws(DriverError) {
            let deadline = Deadline.after(.seconds(4))
            if try service.processes(by: deadline) == nil {
                try await service.start(rendered)
            } else if try service.runningFingerprint(by: deadline) == rendered.fingerprint {
                try command("experimental-mode on; set var proc.suspended bool(true)", deadline)
                for (name, state) in try service.frontendStates(by: deadline) where state == "OPEN" {
                    try command("disable frontend \(name)", deadline)
                }
                try await closeConnections(deadline)
            } else {
                await readUsage()
                try await service.reload(rendered)
                try await closeConnections(.after(.seconds(4)))
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
        try write(rendered.bytes, keeping: nil)
        do throws(DriverError) {
            if try !unpause(rendered) {
                await readUsage()
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
        let deadline = Deadline.after(.seconds(4))
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
    private func closeConnections(_ deadline: Deadline) async throws(DriverError) {
        let graceEnd = Deadline.earlier(deadline, .after(Self.grace))
        let oldWorkers = try service.processes(by: deadline)?.oldWorkers ?? []
        while true {
            var sessions = try clientSessions(nil, deadline).map { (worker: Int32?.none, name: $0) }
            for worker in oldWorkers {
                // One that does not answer is ended all the same.
                let held = (try? clientSessions(worker, .earlier(deadline, .after(Self.oldWorkerPatience)))) ?? []
                sessions += held.map { (worker, $0) }
            }
            if sessions.isEmpty { break }
            if graceEnd.hasPassed {
                for session in sessions {
                    let shutdown = "shutdown session \(session.name)"
                    if let worker = session.worker {
                        try? command(shutdown, worker: worker, deadline)
                    } else {
                        try command(shutdown, deadline)
                    }
                }
                break
            }
            try await pauseBriefly()
        }
        if !oldWorkers.isEmpty { try await end(oldWorkers, deadline) }
    }

    /// Ends workers that only finish what they have, once their counters have been read.
    private func end(_ workers: [Int32], _ deadline: Deadline) async throws(DriverError) {
        // Sessions that were just shut down are counted as they end.
        try await pauseBriefly()
        await readUsage()
        let handles = workers.compactMap(ProcessHandle.init)
        // Asked again, now that they are held: they are the same processes, and none that got a number since.
        let still = try service.processes(by: deadline)?.oldWorkers ?? []
        let ending = handles.filter { still.contains($0.processID) }
        for handle in ending { handle.send(SIGTERM) }
        let patienceEnd = Deadline.after(Self.oldWorkerPatience)
        for handle in ending where !handle.waitForEnd(by: patienceEnd) {
            handle.send(SIGKILL)
            _ = handle.waitForEnd(by: .after(Self.oldWorkerPatience))
        }
    }

    private func pauseBriefly() async throws(DriverError) {
        do { try await Task.sleep(for: .milliseconds(20)) } catch {
            throw DriverError(.cancelled, "the agent is stopping")
        }
    }

    private func clientSessions(_ worker: Int32?, _ deadline: Deadline) throws(DriverError) -> [Substring] {
        let answer = try service.ask("show sess", worker: worker, by: deadline)
        return answer.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 6)
            guard words.contains("fe=http-in") || words.contains("fe=tcp-in") else { return nil }
            return words.first?.prefix { $0 != ":" }
        }
    }

    /// Has a worker, the current one if none is named, do something that is answered with an empty line.
    private func command(_ command: String, worker: Int32? = nil, _ deadline: Deadline) throws(DriverError) {
        let answer = try service.ask(command, worker: worker, by: deadline)
        let words = answer.split(whereSeparator: \.isNewline)
        guard let first = words.first, !first.hasPrefix("Session terminated") else { return }
        throw DriverError(.rejected, "HAProxy refuses \"\(command)\": \(first.prefix(120))")
    }

    /// Goes back after a failure; the recovery compares everything, and puts right what is not as the state says.
    private func undo(_ bytes: [UInt8]?, after error: DriverError) async {
        if let bytes { try? write(bytes, keeping: nil) }
        isRecovered = false
        // Whoever does not answer now would not answer to that either; whoever waits for the reply has waited enough.
        if error.code != .timedOut { await recoverBeforeChange() }
    }
}
