// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Runs HAProxy itself: a master with its workers, in a session of its own, that outlives the agent.
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
        let launched = try launch(outputs)
        do throws(DriverError) {
            try master.waitForStart(rendered, by: .after(limits.change + ServiceLimits.loading(rendered))) {
                () throws(DriverError) in
                if let status = launched.waitForEnd(by: .after(.zero)) { throw ended(status, outputs, rendered) }
            }
        } catch {
            // It may never have opened the socket by which it could be found. It leads a group of its own, in which a
            // script has what it has started.
            launched.kill()
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
    /// Starts HAProxy as a child of the agent, which reaps it, in a session of its own, in which it outlives the agent.
    private func launch(_ outputs: HAProxyOutputs) throws(DriverError) -> ChildProcess {
        var command = ChildProcess.Command(
            configuration.binary,
            ["-W", "-S", "\(files.masterSocket),mode,600", "-f", files.config.string]
        )
        command.workingDirectory = "/"
        do throws(ChildProcessError) {
            return try ChildProcess(command, output: outputs.log, error: outputs.startLog)
        } catch {
            guard [.programNotFound, .notExecutable].contains(error.code) else {
                throw DriverError(.unavailable, "cannot start HAProxy: \(error)")
            }
            throw DriverError(.unavailable, "cannot run \(configuration.binary); is haproxy.binary right?")
        }
    }

    /// Says why HAProxy has ended while it was starting; all that it prints is written before.
    private func ended(
        _ status: ChildProcess.Status,
        _ outputs: HAProxyOutputs,
        _ rendered: RenderedConfiguration
    ) -> DriverError {
        if let complaint = Complaint(in: outputs.startMessages) { return complaint.error(of: rendered) }
        return DriverError(.notRunning, "HAProxy ended while it was starting (\(status)); see \(files.startLog)")
    }
}
