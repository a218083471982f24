// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import Subprocess
import SystemPackage

/// Runs HAProxy itself: a master with its workers, nobody's child, that outlives the agent.
struct ProcessService: HAProxyService {
    private let configuration: HAProxyConfiguration
    private let files: DeviceFiles
    private let limits: ServiceLimits
    private let master: HAProxyMaster

    init(_ configuration: HAProxyConfiguration, limits: ServiceLimits = ServiceLimits()) {
        self.configuration = configuration
        self.limits = limits
        files = DeviceFiles(configuration)
        master = HAProxyMaster(files)
    }

    func processes(by deadline: Deadline) throws(DriverError) -> ProcessTable? {
        try master.processes(by: deadline)
    }

    func ask(_ command: String, worker: Int32?, by deadline: Deadline) throws(DriverError) -> String {
        try master.ask(command, worker: worker, by: deadline)
    }

    func start(_ rendered: RenderedConfiguration) async throws(DriverError) {
        let outputs = try HAProxyOutputs(files)
        defer { outputs.close() }
        // Left by a master that was killed.
        removeSockets()
        try await launch(outputs)
        var launched: ProcessHandle?
        do throws(DriverError) {
            try master.waitForStart(rendered, by: .after(limits.change + ServiceLimits.loading(rendered))) {
                () throws(DriverError) in
                if launched == nil, let processID = outputs.processID {
                    guard let handle = ProcessHandle(processID) else { throw ended(outputs, rendered) }
                    launched = handle
                }
                if launched?.waitForEnd(by: .after(.zero)) == true { throw ended(outputs, rendered) }
            }
        } catch {
            // It may never have opened the socket by which it could be found. It leads a group of its own, in which a
            // script has what it has started.
            if let launched, !launched.waitForEnd(by: .after(.zero)) { kill(-launched.processID, SIGKILL) }
            try? await stop()
            throw Complaint(in: outputs.startMessages)?.error(of: rendered) ?? error
        }
    }

    func reload(_ rendered: RenderedConfiguration) async throws(DriverError) {
        let outputs = try HAProxyOutputs(files)
        defer { outputs.close() }
        try master.reload(
            rendered,
            within: limits,
            words: { outputs.startMessages },
            advice: "see \(files.startLog)"
        )
    }

    func stop() async throws(DriverError) {
        do throws(DriverError) { try terminate(by: .after(limits.stop)) } catch {
            // A master that does not answer cannot say which workers it has. They all end with it.
            guard error.code == .timedOut, let handle = master.living else { throw error }
            handle.send(SIGKILL)
            guard handle.waitForEnd(by: .after(.seconds(1))) else { throw error }
        }
        removeSockets()
    }

    private func removeSockets() {
        unsafe unlink(files.masterSocket.string)
        unsafe unlink(files.adminSocket.string)
    }

    private func terminate(by deadline: Deadline) throws(DriverError) {
        guard let table = try processes(by: deadline), let handle = ProcessHandle(table.master) else { return }
        let workers = ([table.worker].compactMap(\.self) + table.oldWorkers).compactMap(ProcessHandle.init)
        // Asked again, now that it is held: it is the same process, and not one that got its number since.
        guard try processes(by: deadline)?.master == table.master else {
            throw DriverError(.unavailable, "HAProxy was restarted by somebody else while it was to be stopped")
        }
        handle.send(SIGTERM)
        if !handle.waitForEnd(by: deadline) { handle.send(SIGKILL) }
        for worker in workers where !worker.waitForEnd(by: .after(.milliseconds(200))) {
            worker.send(SIGKILL)
            _ = worker.waitForEnd(by: .after(.seconds(1)))
        }
    }
}

extension ProcessService {
    private func launch(_ outputs: HAProxyOutputs) async throws(DriverError) {
        // setsid forks, so that HAProxy is in a session of its own and nobody's child; the shell tells its number,
        // which stays HAProxy's.
        let arguments = [
            "--fork", "sh", "-c", #"echo "$$" >&2; exec "$0" "$@""#, configuration.binary.string, "-W", "-S",
            "\(files.masterSocket),mode,600", "-f", files.config.string,
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
            if result.terminationStatus.isSuccess { return }
        } catch {
            throw DriverError(.unavailable, "cannot start HAProxy: \(error)")
        }
        throw DriverError(.unavailable, "cannot start HAProxy: setsid fails")
    }

    /// Says why HAProxy has ended while it was starting; all that it says of it is written before.
    private func ended(_ outputs: HAProxyOutputs, _ rendered: RenderedConfiguration) -> DriverError {
        let messages = outputs.startMessages
        if let complaint = Complaint(in: messages) { return complaint.error(of: rendered) }
        guard messages.contains(": exec: ") else {
            return DriverError(.notRunning, "HAProxy has ended while it was starting; see \(files.startLog)")
        }
        return DriverError(.unavailable, "cannot run \(configuration.binary); is haproxy.binary right?")
    }
}
