// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem

extension HAProxyDevice {
    /// How long requests and connections that are under way may go on after a SUSPEND.
    private static let grace = Duration.seconds(1)

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
                try await closeConnections(rendered, deadline)
            } else {
                try await service.reload(rendered)
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

    /// Gives what is under way a moment to end, and ends it then.
    ///
    /// Kept-alive connections without a request are in no list; the variable has their next request refused.
    private func closeConnections(_ rendered: RenderedConfiguration, _ deadline: Deadline) async throws(DriverError) {
        let graceEnd = Deadline.earlier(deadline, .after(Self.grace))
        while true {
            let sessions = try clientSessions(deadline)
            if sessions.isEmpty { return }
            if graceEnd.hasPassed {
                for session in sessions { try command("shutdown session \(session)", deadline) }
                return
            }
            do { try await Task.sleep(for: .milliseconds(20)) } catch {
                throw DriverError(.cancelled, "the agent is stopping")
            }
        }
    }

    private func clientSessions(_ deadline: Deadline) throws(DriverError) -> [Substring] {
        let answer = try service.ask("show sess", worker: nil, by: deadline)
        return answer.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 6)
            guard words.contains("fe=http-in") || words.contains("fe=tcp-in") else { return nil }
            return words.first?.prefix { $0 != ":" }
        }
    }

    /// Has the current worker do something that is answered with an empty line.
    private func command(_ command: String, _ deadline: Deadline) throws(DriverError) {
        let answer = try service.ask(command, worker: nil, by: deadline)
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
