// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import SteelyardCore
import SteelyardSystem

/// Reads the configuration again whenever that is requested, and applies what can change while the agent runs.
///
/// A configuration with a fault changes nothing.
actor ReloadService: Service {
    /// Applies a configuration to a part of the agent; throws where the part cannot use it and stays as it was.
    typealias Application = @Sendable (WorkerConfiguration) async throws -> Void

    private let loader: ConfigurationLoader
    private let serviceManager: ServiceManager
    private let status: String
    private let logOutput: LogOutput
    private let logger: Logger
    /// Applies everything but the transport's keys and the log's.
    private let apply: Application
    /// Applies `gearman.servers` and `gearman.tls`.
    private let applyTransport: Application
    private let requests: AsyncStream<Void>
    private let request: AsyncStream<Void>.Continuation
    private var current: WorkerConfiguration

    init(
        current: WorkerConfiguration,
        loader: ConfigurationLoader,
        serviceManager: ServiceManager,
        status: String,
        logOutput: LogOutput,
        logger: Logger,
        apply: @escaping Application,
        applyTransport: @escaping Application
    ) {
        self.current = current
        self.loader = loader
        self.serviceManager = serviceManager
        self.status = status
        self.logOutput = logOutput
        self.logger = logger
        self.apply = apply
        self.applyTransport = applyTransport
        // Requests that come during a reload are one more reload.
        (requests, request) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Requests a reload.
    nonisolated func reload() { request.yield() }

    func run() async throws {
        for await _ in requests.cancelOnGracefulShutdown() {
            serviceManager.reportReloading()
            do { try await reloadNow() } catch {
                logger.error(
                    "configuration not reloaded; the current one stays in use",
                    metadata: [LogKeys.error: "\(error)"]
                )
            }
            serviceManager.reportReloaded(status: status)
        }
    }

    private func reloadNow() async throws {
        // Files are read, and users looked up, on a thread that may wait for them.
        let loaded = try await DedicatedThread.run(name: "reload") { [loader] in
            Result { try loader.load() }
        }.get()
        let change = ConfigurationChange(from: current, to: loaded)
        // A change that needs a restart is checked, too: else the agent that cannot start again is found out too late.
        if !change.needingRestart.isEmpty { try Agent.check(loaded) }
        try await apply(change.effective)
        try await applyTransport(change.effective)
        current = change.effective
        // Visible at whichever of both levels shows more.
        if current.log.level < logOutput.level { logOutput.apply(current.log) }
        logger.notice(
            "configuration reloaded",
            metadata: ["config.applied": "\(change.applied.joined(separator: ","))"]
        )
        if !change.needingRestart.isEmpty {
            logger.warning(
                "changed configuration keys need a restart of the agent",
                metadata: ["config.restart": "\(change.needingRestart.joined(separator: ","))"]
            )
        }
        logOutput.apply(current.log)
    }
}
