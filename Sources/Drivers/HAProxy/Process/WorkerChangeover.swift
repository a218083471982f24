// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// How a new worker comes to serve a configuration, after a start or a reload.
extension HAProxySession {
    /// Waits until an HAProxy that was just started serves a configuration.
    ///
    /// - Parameter whileAbsent: Is called while there is no master; throws where none can come.
    /// - Returns: The worker.
    /// - Throws: `DriverError`: `timedOut` where it does not serve by the deadline.
    func waitForStart(
        _ rendered: RenderedConfiguration,
        by deadline: Deadline,
        whileAbsent: () throws(DriverError) -> Void
    ) throws(DriverError) -> Int32 {
        while !deadline.hasPassed {
            if try peekProcesses(by: deadline) == nil {
                try whileAbsent()
            } else if let worker = try newWorker(serving: rendered, replacing: nil, by: deadline) {
                return worker
            }
            pause()
        }
        throw DriverError(.timedOut, "HAProxy was started and does not serve yet")
    }

    /// Has HAProxy read the file on disk, and returns when a new worker serves it.
    ///
    /// - Parameters:
    ///   - limits: How long that may take.
    ///   - messages: What HAProxy has printed since, as far as it is known.
    ///   - advice: Where to read more.
    /// - Returns: The new worker.
    /// - Throws: `DriverError`; the old worker then goes on.
    func reload(
        _ rendered: RenderedConfiguration,
        within limits: ServiceLimits,
        messages: () -> String = { "" },
        advice: String
    ) throws(DriverError) -> Int32 {
        let deadline = Deadline.after(limits.change + ServiceLimits.loading(rendered))
        guard let before = try processes(by: deadline) else { throw DriverError(.notRunning, "HAProxy does not run") }
        // The master answers no question about the old worker while it executes itself again.
        if before.worker != nil { _ = try? answeringWorker(by: .earlier(deadline, .after(limits.answer))) }
        let oldWorker = takeWorkerConnection()
        func request() -> Deadline {
            requestReload(by: .earlier(deadline, .after(limits.answer)))
            return .after(.seconds(1))
        }
        var requestAgainAfter = request()
        while !deadline.hasPassed {
            // It answers some milliseconds before the master does.
            if let worker = try newWorker(serving: rendered, replacing: before.worker, by: deadline) {
                oldWorker.map { waitUntilStopping($0, by: .earlier(deadline, .after(.seconds(1)))) }
                return worker
            }
            if let now = try peekProcesses(by: deadline) {
                if now.worker == before.worker, now.failedReloads > 0,
                    now.reloads > before.reloads || now.failedReloads > before.failedReloads
                {
                    throw HAProxyAlert(in: messages())?.error(of: rendered)
                        ?? DriverError(.rejected, "HAProxy could not load the configuration; \(advice)")
                }
                // A request is lost where the master was just executing itself again.
                if now.reloads == before.reloads, requestAgainAfter.hasPassed { requestAgainAfter = request() }
            } else if livingMaster == nil {
                throw DriverError(.notRunning, "HAProxy ended while it was reloading; \(advice)")
            }
            pause()
        }
        throw HAProxyAlert(in: messages())?.error(of: rendered)
            ?? DriverError(.timedOut, "HAProxy did not finish reloading within \(limits.change); \(advice)")
    }

    /// Waits until a worker takes no connections any more, since the new worker has the same sockets.
    ///
    /// Until it has handled the signal to stop, clients could still meet the old configuration. A worker that does not
    /// answer takes no connections either.
    private func waitUntilStopping(_ worker: RuntimeConnection, by deadline: Deadline) {
        while !deadline.hasPassed,
            (try? worker.answer(to: "show info", until: .worker, by: deadline))?.contains("\nStopping: 0\n") == true
        {
            pause()
        }
    }

    /// The worker that serves this configuration, where it is not the one of before.
    private func newWorker(
        serving rendered: RenderedConfiguration,
        replacing before: Int32?,
        by deadline: Deadline
    ) throws(DriverError) -> Int32? {
        let worker: Int32
        do throws(DriverError) {
            worker = try answeringWorker(by: deadline)
            guard worker != before, try runningMark(by: deadline) == .serving(rendered.fingerprint) else { return nil }
            let states = try frontendStates(by: deadline)
            let listens = rendered.isSuspended ? states.isEmpty : states.values.allSatisfy { $0 == "OPEN" }
            guard listens else { return nil }
        } catch {
            // The worker was forked and does not answer yet.
            if error.code == .timedOut { throw error }
            return nil
        }
        // A connection would show the same and would reach a node: databases count those and shut the device out.
        // An address that has left the device is listened on still.
        return rendered.listening.allSatisfy { PortProbe.look(at: $0) != .free } ? worker : nil
    }
}
