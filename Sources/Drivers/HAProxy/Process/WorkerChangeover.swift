// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// Waits for a new worker after a start or a reload.
extension HAProxySession {
    /// Waits until a freshly started HAProxy serves a configuration.
    ///
    /// - Parameter whileAbsent: Called while there is no master; throws if none can appear.
    /// - Returns: The worker.
    /// - Throws: `DriverError`: `timedOut` if it does not serve by the deadline.
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
        throw DriverError(.timedOut, "HAProxy was started but does not serve yet")
    }

    /// Makes HAProxy load the file on disk, and returns when a new worker serves it.
    ///
    /// - Parameters:
    ///   - limits: The time limits.
    ///   - messages: Returns the messages that HAProxy has printed since, if they are available.
    ///   - advice: Where to find more.
    /// - Returns: The new worker.
    /// - Throws: `DriverError`; the old worker then continues.
    func reload(
        _ rendered: RenderedConfiguration,
        within limits: ServiceLimits,
        messages: () -> String = { "" },
        advice: String
    ) throws(DriverError) -> Int32 {
        let deadline = Deadline.after(limits.change + ServiceLimits.loading(rendered))
        guard let before = try processes(by: deadline) else { throw DriverError(.notRunning, "HAProxy does not run") }
        // The master answers nothing about the old worker while it re-executes itself.
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
                // A request is lost if the master was just re-executing itself.
                if now.reloads == before.reloads, requestAgainAfter.hasPassed { requestAgainAfter = request() }
            } else if livingMaster == nil {
                throw DriverError(.notRunning, "HAProxy ended during the reload; \(advice)")
            }
            pause()
        }
        throw HAProxyAlert(in: messages())?.error(of: rendered)
            ?? DriverError(.timedOut, "HAProxy did not finish reloading within \(limits.change); \(advice)")
    }

    /// Waits until a worker accepts no more connections: the new worker shares its sockets.
    ///
    /// Until it has handled the signal to stop, clients could reach the old configuration. A worker that does not
    /// answer accepts no connections either.
    private func waitUntilStopping(_ worker: RuntimeConnection, by deadline: Deadline) {
        while !deadline.hasPassed,
            (try? worker.answer(to: "show info", until: .worker, by: deadline))?.contains("\nStopping: 0\n") == true
        {
            pause()
        }
    }

    /// The worker that serves this configuration, unless it is the old one.
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
            // The worker was forked but does not answer yet.
            if error.code == .timedOut { throw error }
            return nil
        }
        // A connection would prove the same, but would reach a node: databases count those and block the device.
        // HAProxy keeps listening on an address that the device has lost.
        return rendered.listening.allSatisfy { PortProbe.look(at: $0) != .free } ? worker : nil
    }
}
