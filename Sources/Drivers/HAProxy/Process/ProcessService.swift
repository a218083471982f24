// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Runs HAProxy itself: a master with its workers, in a session of its own, that outlives the agent.
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
        // One that has lost the file of its socket would take every other connection.
        if session.livingMaster != nil { try await stop(over: session) }
        let outputs = try HAProxyOutputs(files)
        defer { outputs.close() }
        // Left by a master that was killed.
        removeSockets()
        let launched = try launch(outputs)
        do throws(DriverError) {
            return try session.waitForStart(rendered, by: .after(limit + ServiceLimits.loading(rendered))) {
                () throws(DriverError) in
                if let status = launched.waitForEnd(by: .after(.zero)) { throw ended(status, outputs, rendered) }
            }
        } catch {
            // It may never have opened the socket by which it could be found. It leads a group of its own, in which a
            // script has what it has started.
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
        // Not asked of the masters: one that does not answer cannot say which workers it has.
        for master in MasterSearch.masters(files) { try terminate(master, by: deadline) }
        guard case .absent = try session.findMaster(by: .after(limits.answer)) else {
            throw DriverError(.unavailable, "another HAProxy has \(files.masterSocket) while this one was stopped")
        }
        removeSockets()
    }

    func lastWords() -> String { HAProxyOutputs.lastEnd(in: files.startLog) }

    /// Ends a master with its workers: by a signal, and after its time by force.
    private func terminate(_ master: ProcessHandle, by deadline: Deadline) throws(DriverError) {
        let workers = ProcessHandle.children(of: master.processID)
        master.send(SIGTERM)
        if !master.waitForEnd(by: deadline) {
            master.send(SIGKILL)
            guard master.waitForEnd(by: .after(.seconds(1))) else {
                throw DriverError(.timedOut, "HAProxy's master (process \(master.processID)) does not end when killed")
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

    /// Starts HAProxy as a child of the agent, which reaps it, in a session of its own, in which it outlives the agent.
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
            throw DriverError(.unavailable, "cannot run \(binary); is haproxy.binary right?")
        }
    }

    /// The reason why HAProxy ended while it was starting; all that it prints is written before.
    private func ended(
        _ status: ChildProcess.Status,
        _ outputs: HAProxyOutputs,
        _ rendered: RenderedConfiguration
    ) -> DriverError {
        if let alert = HAProxyAlert(in: outputs.startMessages) { return alert.error(of: rendered) }
        return DriverError(.notRunning, "HAProxy ended while it was starting (\(status)); see \(files.startLog)")
    }
}
