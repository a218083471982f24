// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import SteelyardCore
import SteelyardSystem

/// Reloads the configuration on request, and applies the settings that need no restart.
///
/// An invalid configuration changes nothing.
actor ReloadService: Service {
    /// Applies a configuration to a part of the agent; throws without a change if it is unusable.
    typealias Application = @Sendable (WorkerConfiguration) async throws -> Void

    private let loader: ConfigurationLoader
    private let serviceManager: ServiceManager
    private let status: String
    private let logOutput: LogOutput
    private let logger: Logger
    /// Applies all keys except those of the transport and the log.
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
        // Requests that arrive during a reload cause one more reload.
        (requests, request) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Requests a reload.
    nonisolated func reload() { request.yield() }

    func run() async throws {
        for await _ in requests.cancelOnGracefulShutdown() {
            serviceManager.reportReloading()
            do { try await reloadNow() } catch {
                logger.error(
                    "configuration not reloaded; keeping the current one",
                    metadata: [LogKeys.error: "\(error)"]
                )
            }
            serviceManager.reportReloaded(status: status)
        }
    }

    private func reloadNow() async throws {
        // Reading files and looking up users may block the thread.
        let loaded = try await DedicatedThread.run(name: "reload") { [loader] in
            Result { try loader.load() }
        }.get()
        let change = ConfigurationChange(from: current, to: loaded)
        // A change that needs a restart is checked, too: otherwise the agent would fail only at its next start.
        if !change.needingRestart.isEmpty { try Agent.check(loaded) }
        try await apply(change.effective)
        try await applyTransport(change.effective)
        current = change.effective
        // Logged with the more verbose of both levels.
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
