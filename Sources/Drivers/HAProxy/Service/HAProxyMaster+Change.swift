// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem

extension HAProxyMaster {
    /// Waits until HAProxy, just started, serves a configuration.
    ///
    /// - Parameter whileAbsent: Is called as long as there is no master; throws where none is to be expected any more.
    /// - Throws: `DriverError`: `timedOut` where it does not serve in time.
    func waitForStart(
        _ rendered: RenderedConfiguration,
        by deadline: Deadline,
        whileAbsent: () throws(DriverError) -> Void
    ) throws(DriverError) {
        while !deadline.hasPassed {
            if let now = try processes(by: deadline) {
                if try serves(rendered, now, replacing: nil, by: deadline) { return }
            } else {
                try whileAbsent()
            }
            usleep(5000)
        }
        throw DriverError(.timedOut, "HAProxy was started and does not serve in time")
    }

    /// Has HAProxy read the file on disk, and returns once a new worker serves it.
    ///
    /// - Parameters:
    ///   - limits: How long that may take.
    ///   - words: What HAProxy has said since, as far as it can be known.
    ///   - advice: Where to read more.
    /// - Throws: `DriverError`; the old worker then goes on.
    func reload(
        _ rendered: RenderedConfiguration,
        within limits: ServiceLimits,
        words: () -> String = { "" },
        advice: String
    ) throws(DriverError) {
        let deadline = Deadline.after(limits.change + ServiceLimits.loading(rendered))
        guard let before = try processes(by: deadline) else { throw DriverError(.notRunning, "HAProxy does not run") }
        func request() -> Deadline {
            requestReload(by: .earlier(deadline, .after(limits.answer)))
            return .after(.seconds(1))
        }
        var requestAgainAfter = request()
        while !deadline.hasPassed {
            guard let now = try processes(by: deadline) else {
                throw DriverError(.notRunning, "HAProxy has ended while it was reloading; \(advice)")
            }
            if try serves(rendered, now, replacing: before, by: deadline) {
                if let worker = before.worker { waitUntilStopping(worker, by: .earlier(deadline, .after(.seconds(1)))) }
                return
            }
            if now.worker == before.worker, now.failedReloads > 0,
                now.reloads > before.reloads || now.failedReloads > before.failedReloads
            {
                throw Complaint(in: words())?.error(of: rendered)
                    ?? DriverError(.rejected, "HAProxy could not load the configuration; \(advice)")
            }
            // A request is lost where the master was just executing itself anew.
            if now.reloads == before.reloads, requestAgainAfter.hasPassed { requestAgainAfter = request() }
            usleep(1000)
        }
        throw Complaint(in: words())?.error(of: rendered)
            ?? DriverError(.timedOut, "HAProxy was told to reload and has not within \(limits.change); \(advice)")
    }

    /// Waits until a worker takes no connections any more, since both have the same sockets.
    ///
    /// Until it has seen the signal to go, on a busy machine, clients could meet the old configuration still, and
    /// commands that are meant for the new worker the old one. One that does not answer takes no connections either.
    private func waitUntilStopping(_ worker: Int32, by deadline: Deadline) {
        while !deadline.hasPassed {
            do throws(DriverError) {
                guard try ask("show info", worker: worker, by: deadline).contains("\nStopping: 0\n") else { return }
            } catch { return }
            usleep(1000)
        }
    }

    /// Whether a worker that was not there before serves this configuration.
    private func serves(
        _ rendered: RenderedConfiguration,
        _ now: ProcessTable,
        replacing before: ProcessTable?,
        by deadline: Deadline
    ) throws(DriverError) -> Bool {
        guard let worker = now.worker, worker != before?.worker,
            now.failedReloads == 0
        else { return false }
        do throws(DriverError) {
            guard try runningFingerprint(worker, by: deadline) == rendered.fingerprint else { return false }
            let states = try frontendStates(worker, by: deadline)
            let listens = rendered.isSuspended ? states.isEmpty : states.values.allSatisfy { $0 == "OPEN" }
            guard listens else { return false }
        } catch {
            // The worker has been forked and does not answer yet.
            if error.code == .timedOut { throw error }
            return false
        }
        // A connection would tell the same, and would reach a node: databases count those and shut the device out.
        return rendered.listening.allSatisfy { PortProbe.look(at: $0) == .inUse }
    }
}
