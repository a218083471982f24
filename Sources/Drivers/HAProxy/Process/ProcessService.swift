// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Runs HAProxy as a master with its workers, in its own session, which outlives the agent.
struct ProcessService: HAProxyService {
    private let binary: FilePath
    private let files: DeviceFiles
    private let limits: ServiceLimits

    init(_ configuration: HAProxyConfiguration, limits: ServiceLimits = ServiceLimits()) {
        binary = configuration.settings.binary
        files = DeviceFiles(configuration)
        self.limits = limits
    }

    func start(
        _ rendered: RenderedConfiguration,
        over session: HAProxySession,
        within limit: Duration
    ) async throws(DriverError) -> Int32 {
        // A master without its socket file would accept some of the connections.
        if session.livingMaster != nil { try await stop(over: session) }
        let outputs = try HAProxyOutputs(files)
        defer { outputs.close() }
        // Stale sockets of a killed master.
        removeSockets()
        let launched = try launch(outputs)
        do throws(DriverError) {
            return try session.waitForStart(rendered, by: .after(limit + ServiceLimits.loading(rendered))) {
                () throws(DriverError) in
                if let status = launched.waitForEnd(by: .after(.zero)) { throw ended(status, outputs, rendered) }
            }
        } catch {
            // HAProxy may not have opened the socket by which it can be found. It leads a process group, which also
            // contains the children of a script.
            launched.kill()
            try? await stop(over: session)
            throw HAProxyAlert(in: outputs.startMessages)?.error(of: rendered) ?? error
        }
    }

    func reload(_ rendered: RenderedConfiguration, over session: HAProxySession) async throws(DriverError) -> Int32 {
        let outputs = try HAProxyOutputs(files)
        defer { outputs.close() }
        return try session.reload(
            rendered,
            within: limits,
            messages: { outputs.startMessages },
            advice: "see \(files.startLog)"
        )
    }

    func stop(over session: HAProxySession) async throws(DriverError) {
        let deadline = Deadline.after(limits.stop)
        // Found without asking the masters: one that does not answer cannot list its workers.
        for master in MasterSearch.masters(files) { try terminate(master, by: deadline) }
        guard case .absent = try session.findMaster(by: .after(limits.answer)) else {
            throw DriverError(.unavailable, "another HAProxy bound \(files.masterSocket) while this one was stopped")
        }
        removeSockets()
    }

    func lastWords(of master: Int32) -> String { HAProxyOutputs.lastEnd(of: master, in: files.startLog) }

    /// Ends a master and its workers with SIGTERM, and after the time limit with SIGKILL.
    private func terminate(_ master: ProcessHandle, by deadline: Deadline) throws(DriverError) {
        let workers = ProcessHandle.children(of: master.processID)
        master.send(SIGTERM)
        if !master.waitForEnd(by: deadline) {
            master.send(SIGKILL)
            guard master.waitForEnd(by: .after(.seconds(1))) else {
                throw DriverError(.timedOut, "HAProxy's master (process \(master.processID)) did not end after SIGKILL")
            }
        }
        for worker in workers where !worker.waitForEnd(by: .after(.milliseconds(200))) {
            worker.send(SIGKILL)
            _ = worker.waitForEnd(by: .after(.seconds(1)))
        }
    }

    private func removeSockets() {
        unsafe unlink(files.masterSocket.string)
        unsafe unlink(files.adminSocket.string)
    }

    /// Starts HAProxy as a child of the agent, which reaps it, in its own session, in which it outlives the agent.
    private func launch(_ outputs: HAProxyOutputs) throws(DriverError) -> ChildProcess {
        var command = ChildProcess.Command(
            binary,
            ["-W", "-S", "\(files.masterSocket),mode,600", "-f", files.config.string]
        )
        command.workingDirectory = "/"
        do throws(ChildProcessError) {
            return try ChildProcess(command, output: outputs.log, error: outputs.startLog)
        } catch {
            guard [.programNotFound, .notExecutable].contains(error.code) else {
                throw DriverError(.unavailable, "cannot start HAProxy: \(error)")
            }
            throw DriverError(.unavailable, "cannot run \(binary); check haproxy.binary")
        }
    }

    /// The reason why HAProxy ended during its start; it has already printed all its messages.
    private func ended(
        _ status: ChildProcess.Status,
        _ outputs: HAProxyOutputs,
        _ rendered: RenderedConfiguration
    ) -> DriverError {
        if let alert = HAProxyAlert(in: outputs.startMessages) { return alert.error(of: rendered) }
        return DriverError(.notRunning, "HAProxy ended during its start (\(status)); see \(files.startLog)")
    }
}
