// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle
import SteelyardCore
import SteelyardSystem
import Subprocess
import SystemPackage

/// A gearmand of the agent's own, on loopback, for `--standalone`: it starts and stops with the agent.
///
/// One that an agent left behind when it was killed is taken over with the jobs in its queue.
struct StandaloneGearmand: Service {
    private let server: GearmanServer
    private let program: String
    private let pidFile: FilePath
    private let logFile: FilePath
    private let logger: Logger

    /// - Throws: `ConfigurationError` where gearmand is not installed, or where the server is not on loopback.
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
        if let left = leftBehind() {
            logger.notice(
                "took over the gearmand of an agent that was killed",
                metadata: [LogKeys.processID: "\(left)"]
            )
            try? await gracefulShutdown()
            kill(left, SIGTERM)
            return
        }
        guard !TCPProbe.connects(to: server, milliseconds: 1000) else {
            throw ConfigurationError("--gearman", "\(server) is taken by another program; name another port")
        }
        let host = server.host == "localhost" ? "127.0.0.1" : server.host
        let result = try await cancelWhenGracefulShutdown {
            try await Subprocess.run(
                .path(FilePath(program)),
                arguments: [
                    "--listen=\(host)", "--port=\(server.port)", "--pid-file=\(pidFile)", "--log-file=\(logFile)",
                ],
                platformOptions: Self.options,
                output: .discarded,
                error: .discarded
            )
        }
        try? AtomicFile.remove(pidFile)
        guard !Task.isShuttingDownGracefully else { return }
        throw ConfigurationError("--standalone", "gearmand ended with \(result.terminationStatus); see \(logFile)")
    }

    private static var options: PlatformOptions {
        var options = PlatformOptions()
        // Away from the terminal, whose Ctrl-C the agent answers in its own order.
        options.createSession = true
        options.teardownSequence = [.send(signal: .terminate, allowedDurationToNextStep: .seconds(5))]
        return options
    }

    private func leftBehind() -> pid_t? {
        guard let bytes = try? AtomicFile.read(pidFile, atMost: 64),
            let pid = pid_t(String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)),
            let line = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/cmdline"))
        else { return nil }
        let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return words.first == program && words.contains("--port=\(server.port)") ? pid : nil
    }
}
