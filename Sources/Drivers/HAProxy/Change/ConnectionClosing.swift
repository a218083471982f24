// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// How the connections of a suspended device come to their end.
///
/// Requests and connections that are under way get the time of grace. Kept-alive connections without a request are in no
/// list: the current worker's variable has their next request refused, and old workers end with all that they have.
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

    /// Waits for the sessions' end, and ends those that are left after the time of grace.
    ///
    /// - Throws: `DriverError` where HAProxy does not answer.
    func run(within grace: Duration) async throws(DriverError) {
        let graceEnd = Deadline.after(grace)
        let begun = Deadline.after(.seconds(1))
        while true {
            let deadline = Deadline.after(Self.answerTimeout)
            let current = try sessions(nil, deadline)
            // An old worker that does not answer is ended all the same.
            let held = oldWorkers.contains { worker in
                ((try? sessions(worker, .earlier(deadline, .after(Self.oldWorkerTimeout)))) ?? []).isEmpty == false
            }
            if current.isEmpty, !held { break }
            if graceEnd.hasPassed {
                for session in current { try shutDown(session, deadline) }
                break
            }
            // HAProxy reports no end of a session. Thousands of sessions take their time to list.
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
            // It may have ended by itself since it was listed.
            !line.hasPrefix("Session terminated"), !line.hasPrefix("No such session")
        else { return }
        throw DriverError(.rejected, "HAProxy refuses \"\(command)\": \(line.prefix(120))")
    }

    private func pause(_ duration: Duration) async throws(DriverError) {
        do { try await Task.sleep(for: duration) } catch {
            throw DriverError(.cancelled, "the agent is stopping")
        }
    }
}
