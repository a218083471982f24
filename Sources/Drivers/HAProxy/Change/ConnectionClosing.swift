// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// Closes the connections of a suspended device.
///
/// Active requests and connections get the grace period. No list contains idle kept-alive connections: a variable makes
/// the current worker refuse their next request, and an old worker ends with all its connections.
struct ConnectionClosing {
    private let running: RunningHAProxy
    private let meter: Meter
    private let oldWorkers: [Int32]
    private static let answerTimeout = Duration.seconds(4)
    private static let oldWorkerTimeout = Duration.milliseconds(500)

    init(_ running: RunningHAProxy, _ meter: Meter, _ oldWorkers: [Int32]) {
        self.running = running
        self.meter = meter
        self.oldWorkers = oldWorkers
    }

    /// Waits until the sessions have ended, and shuts down the rest after the grace period.
    ///
    /// - Throws: `DriverError` if HAProxy does not answer.
    func run(within grace: Duration) async throws(DriverError) {
        let graceEnd = Deadline.after(grace)
        let begun = Deadline.after(.seconds(1))
        while true {
            let deadline = Deadline.after(Self.answerTimeout)
            let current = try sessions(nil, deadline)
            // An old worker that does not answer is ended anyway.
            let held = oldWorkers.contains { worker in
                ((try? sessions(worker, .earlier(deadline, .after(Self.oldWorkerTimeout)))) ?? []).isEmpty == false
            }
            if current.isEmpty, !held { break }
            if graceEnd.hasPassed {
                for session in current { try shutDown(session, deadline) }
                break
            }
            // HAProxy reports no event when a session ends, and takes a while to list thousands of sessions.
            try await pause(begun.hasPassed ? .milliseconds(250) : .milliseconds(20))
        }
        if !oldWorkers.isEmpty { try await meter.end(oldWorkers) }
    }

    private func sessions(_ worker: Int32?, _ deadline: Deadline) throws(DriverError) -> [Substring] {
        ClientSessions(try running.ask("show sess", of: worker, by: deadline)).names
    }

    private func shutDown(_ session: Substring, _ deadline: Deadline) throws(DriverError) {
        let command = "shutdown session \(session)"
        let answer = try running.ask(command, by: deadline)
        guard let line = answer.split(whereSeparator: \.isNewline).first,
            // The session may have ended since it was listed.
            !line.hasPrefix("Session terminated"), !line.hasPrefix("No such session")
        else { return }
        throw DriverError(.rejected, "HAProxy rejected \"\(command)\": \(line.prefix(120))")
    }

    private func pause(_ duration: Duration) async throws(DriverError) {
        do { try await Task.sleep(for: duration) } catch {
            throw DriverError(.cancelled, "the agent is stopping")
        }
    }
}
