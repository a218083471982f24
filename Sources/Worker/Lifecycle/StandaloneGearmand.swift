// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Logging
import ServiceLifecycle
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// A private gearmand on loopback, for `--standalone`: it starts and stops with the agent.
///
/// A gearmand left running by a killed agent is taken over, with its queued jobs.
struct StandaloneGearmand: Service {
    private let server: GearmanServer
    private let program: String
    private let pidFile: FilePath
    private let logFile: FilePath
    private let logger: Logger

    /// - Throws: `ConfigurationError` if gearmand is not installed, or if the server is not on loopback.
    init(server: GearmanServer, stateDirectory: FilePath, logger: Logger) throws(ConfigurationError) {
        guard ["127.0.0.1", "localhost", "::1"].contains(server.host) else {
            throw ConfigurationError("--gearman", "must be on loopback with --standalone, not \(server.host)")
        }
        let places = ["/usr/sbin/gearmand", "/usr/local/sbin/gearmand", "/usr/bin/gearmand"]
        guard let program = places.first(where: { unsafe access($0, X_OK) == 0 }) else {
            throw ConfigurationError("--standalone", "needs gearmand: install Debian's gearman-job-server")
        }
        self.server = server
        self.program = program
        self.logger = logger
        pidFile = stateDirectory.appending("gearmand.pid")
        logFile = stateDirectory.appending("gearmand.log")
    }

    func run() async throws {
        let running = try await DedicatedThread.run(name: "gearmand") { Result { try start() } }.get()
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let source = running.handle.whenEnded { end.finish() }
        await cancelWhenGracefulShutdown { for await _ in ends {} }
        source.cancel()
        guard Task.isShuttingDownGracefully || Task.isCancelled else {
            try? AtomicFile.remove(pidFile)
            let status = running.child?.waitForEnd(by: .after(.zero)).map { " with \($0)" } ?? ""
            throw ConfigurationError("--standalone", "the gearmand on \(server) ended\(status); see \(logFile)")
        }
        await Self.onThread { Self.stop(running.handle) }
        _ = running.child?.waitForEnd(by: .after(.zero))
        try? AtomicFile.remove(pidFile)
    }

    /// A running gearmand, started by this agent or an earlier one.
    private struct Running: Sendable {
        let handle: ProcessHandle
        var child: ChildProcess?
    }

    /// Takes over the gearmand left running, or starts one; may block the thread.
    private func start() throws -> Running {
        if let left = leftBehind() {
            logger.notice(
                "took over the gearmand of a killed agent",
                metadata: [LogKeys.processID: "\(left.processID)"]
            )
            return Running(handle: left)
        }
        guard !TCPProbe.connects(to: server, milliseconds: 1000) else {
            throw ConfigurationError("--gearman", "\(server) is in use by another program; set another port")
        }
        let host = server.host == "localhost" ? "127.0.0.1" : server.host
        // In its own session: the agent handles the terminal's Ctrl-C in its own order.
        let command = ChildProcess.Command(
            FilePath(program),
            ["--listen=\(host)", portOption, pidFileOption, "--log-file=\(logFile)"]
        )
        do throws(ChildProcessError) {
            let child = try ChildProcess(command)
            return Running(handle: child.handle, child: child)
        } catch { throw ConfigurationError("--standalone", error.description) }
    }

    private var portOption: String { "--port=\(server.port)" }
    private var pidFileOption: String { "--pid-file=\(pidFile)" }

    /// Ends a gearmand, and kills it if it does not stop.
    private static func stop(_ handle: ProcessHandle) {
        handle.send(SIGTERM)
        if handle.waitForEnd(by: .after(.seconds(5))) { return }
        handle.send(SIGKILL)
        _ = handle.waitForEnd(by: .after(.seconds(1)))
    }

    /// The gearmand of the PID file: the same program, run by the same user, started for this port and file.
    private func leftBehind() -> ProcessHandle? {
        guard let bytes = try? AtomicFile.read(pidFile, atMost: 64),
            let processID = Int32(String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)),
            // Opened before it is examined, so that the PID cannot be reused in between.
            let handle = ProcessHandle(processID),
            ProcessHandle.runs(program, processID),
            ProcessHandle.user(of: processID) == geteuid(),
            let arguments = ProcessHandle.arguments(of: processID),
            arguments.contains(portOption), arguments.contains(pidFileOption),
            !handle.waitForEnd(by: .after(.zero))
        else { return nil }
        return handle
    }

    private static func onThread(_ body: @escaping @Sendable () -> Void) async {
        do throws(ThreadError) { try await DedicatedThread.run(name: "gearmand", body) } catch { body() }
    }
}
