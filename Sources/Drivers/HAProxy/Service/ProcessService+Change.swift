// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import Subprocess
import SystemPackage

extension ProcessService {
    func start(_ rendered: RenderedConfiguration) async throws(DriverError) {
        let outputs = try HAProxyOutputs(files)
        defer { outputs.close() }
        try await launch(outputs)
        let deadline = Deadline.after(limits.change)
        var loaded: Deadline?
        while !deadline.hasPassed {
            if let now = try processes(by: deadline) {
                loaded = .after(.zero)
                if try serves(rendered, now, replacing: nil, by: deadline) { return }
            } else {
                // Whatever alerts HAProxy while it starts ends it; what the alert says is written before.
                if let complaint = Complaint(in: outputs.startMessages) { throw complaint.error(of: rendered) }
                if outputs.startMessages.hasPrefix("setsid:") {
                    throw DriverError(.unavailable, "cannot run \(configuration.binary); is haproxy.binary right?")
                }
                if loaded == nil, outputs.startMessages.contains("Loading success") {
                    loaded = .after(.milliseconds(300))
                }
                if let loaded, loaded.hasPassed {
                    throw DriverError(.notRunning, "HAProxy has ended while it was starting")
                }
            }
            usleep(5000)
        }
        try? await stop()
        throw DriverError(.timedOut, "HAProxy was started and does not serve within \(limits.change)")
    }

    func reload(_ rendered: RenderedConfiguration) async throws(DriverError) {
        let outputs = try HAProxyOutputs(files)
        defer { outputs.close() }
        let deadline = Deadline.after(limits.change)
        var found = try processes(by: deadline)
        guard let before = found else { throw DriverError(.notRunning, "HAProxy does not run") }
        requestReload()
        var requestAgainAfter = Deadline.after(.seconds(1))
        while !deadline.hasPassed {
            found = try processes(by: deadline)
            guard let now = found else { throw DriverError(.notRunning, "HAProxy has ended while it was reloading") }
            if try serves(rendered, now, replacing: before, by: deadline) { return }
            if now.worker == before.worker, now.failedReloads > 0,
                now.reloads > before.reloads || now.failedReloads > before.failedReloads
            {
                throw Complaint(in: outputs.startMessages)?.error(of: rendered)
                    ?? DriverError(.rejected, "HAProxy could not load the configuration, and does not say why")
            }
            // A request is lost where the master was just executing itself anew.
            if now.reloads == before.reloads, requestAgainAfter.hasPassed {
                requestReload()
                requestAgainAfter = .after(.seconds(1))
            }
            usleep(3000)
        }
        throw Complaint(in: outputs.startMessages)?.error(of: rendered)
            ?? DriverError(.timedOut, "HAProxy was told to reload and has not within \(limits.change)")
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

    private func launch(_ outputs: HAProxyOutputs) async throws(DriverError) {
        // setsid forks, so that HAProxy is in a session of its own and nobody's child.
        let arguments = [
            "--fork", configuration.binary.string, "-W", "-S", "\(files.masterSocket),mode,600", "-f",
            files.config.string,
        ]
        do {
            let result = try await Subprocess.run(
                .name("setsid"),
                arguments: Arguments(arguments),
                environment: Program.environment,
                workingDirectory: "/",
                output: .fileDescriptor(outputs.log, closeAfterSpawningProcess: false),
                error: .fileDescriptor(outputs.startLog, closeAfterSpawningProcess: false)
            )
            guard result.terminationStatus.isSuccess else {
                throw DriverError(.unavailable, "cannot start \(configuration.binary); is haproxy.binary right?")
            }
        } catch let error as DriverError { throw error } catch {
            throw DriverError(.unavailable, "cannot start HAProxy: \(error)")
        }
    }
}

extension HAProxyService {
    /// Which configuration a worker has, the current one if none is named; nil where it is none of this driver's.
    func runningFingerprint(_ worker: Int32? = nil, by deadline: Deadline) throws(DriverError) -> Fingerprint? {
        let answer = try ask("show info", worker: worker, by: deadline)
        let line = answer.split(separator: "\n").first { $0.hasPrefix("description: ") }
        return line.flatMap { Fingerprint($0.dropFirst("description: ".count)) }
    }

    /// The state of each front end of a worker, the current one if none is named, that is not disabled in its configuration.
    func frontendStates(_ worker: Int32? = nil, by deadline: Deadline) throws(DriverError) -> [String: String] {
        let answer = try ask("show stat -1 1 -1", worker: worker, by: deadline)
        guard let table = StatisticsTable(answer) else {
            throw DriverError(.unavailable, "HAProxy's statistics cannot be read")
        }
        return Dictionary(table.rows.map { (String($0["pxname"]), String($0["status"])) }) { first, _ in first }
    }
}
