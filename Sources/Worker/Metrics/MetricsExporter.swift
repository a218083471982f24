// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Exports the metrics as configured, until graceful shutdown.
actor MetricsExporter: Service {
    private struct Server {
        let address: HTTPAddress
        let server: HTTPServer
    }

    private struct Textfile {
        let file: MetricsTextfile
        let task: Task<Void, Never>
    }

    /// How long the start of the agent waits for a port that another program uses.
    private static let startLimit = Duration.seconds(3)
    private static let retryInterval = Duration.milliseconds(500)

    private let pages: MetricsPages
    private let logger: Logger
    private var server: Server?
    private var textfile: Textfile?
    private var hasEnded = false

    /// - Parameters:
    ///   - collector: The source of the metrics.
    ///   - logger: Receives the events of the export.
    init(_ collector: MetricsCollector, logger: Logger) {
        pages = MetricsPages(collector: collector)
        self.logger = logger
    }

    /// Applies the first settings; a port that is in use may become free within a few seconds.
    ///
    /// - Throws: `SettingError` if the address is not available. `ThreadError` if the system provides no thread.
    func begin(_ settings: MetricsSettings) async throws {
        try await apply(settings, retryingUntil: .now + Self.startLimit)
    }

    /// Applies new settings.
    ///
    /// - Throws: `SettingError` if the address is not available; the previous one is then used. `ThreadError` if the
    ///   system provides no thread.
    func apply(_ settings: MetricsSettings) async throws { try await apply(settings, retryingUntil: .now) }

    private func apply(_ settings: MetricsSettings, retryingUntil end: ContinuousClock.Instant) async throws {
        guard !hasEnded else { return }
        if settings.bind != server?.address { try await listen(on: settings.bind, retryingUntil: end) }
        // The agent may have been stopped meanwhile.
        if !hasEnded, settings.textfile != textfile?.file.path { await write(to: settings.textfile) }
    }

    func run() async throws {
        try? await gracefulShutdown()
        hasEnded = true
        await server?.server.stop()
        server = nil
        guard let textfile else { return }
        textfile.task.cancel()
        await textfile.task.value
        await textfile.file.write()
    }

    private func listen(on address: HTTPAddress?, retryingUntil end: ContinuousClock.Instant) async throws {
        let old = server
        // The old socket must be closed before the new one can use its port.
        let isSamePort = old != nil && old?.address.port == address?.port
        if isSamePort {
            await old?.server.stop()
            server = nil
        }
        let new: Server?
        do { new = try await makeServer(address, retryingUntil: end) } catch {
            if isSamePort { await restore(old?.address) }
            throw error
        }
        // The agent may have been stopped meanwhile.
        guard !hasEnded else {
            await new?.server.stop()
            return
        }
        server = new
        if let address { logger.notice("serving metrics", metadata: ["metrics.bind": "\(address)"]) }
        if !isSamePort { await old?.server.stop() }
    }

    /// Serves at the previous address again.
    private func restore(_ address: HTTPAddress?) async {
        guard !hasEnded else { return }
        do { server = try await makeServer(address, retryingUntil: .now) } catch {
            // Without a server, the next SIGHUP tries each address again, also this one.
            logger.error("metrics are not served any more", metadata: [LogKeys.error: "\(error)"])
        }
    }

    private func makeServer(
        _ address: HTTPAddress?,
        retryingUntil end: ContinuousClock.Instant
    ) async throws -> Server? {
        guard let address else { return nil }
        while true {
            if let server = try open(address, isLast: ContinuousClock.now >= end) {
                try server.start()
                return Server(address: address, server: server)
            }
            // No event shows that a port has become free.
            try await Task.sleep(for: Self.retryInterval)
        }
    }

    /// - Returns: nil if the port is in use and this is not the last attempt.
    private func open(_ address: HTTPAddress, isLast: Bool) throws(SettingError) -> HTTPServer? {
        do throws(Errno) {
            return try HTTPServer(address) { [pages] request in await pages.answer(request) }
        } catch {
            if error == .addressInUse, !isLast { return nil }
            throw SettingError("metrics.bind", "cannot be used: cannot listen on \(address): \(error)")
        }
    }

    private func write(to path: String?) async {
        if let old = textfile {
            old.task.cancel()
            await old.task.value
            await old.file.remove()
        }
        textfile = path.map { path in
            let file = MetricsTextfile(path: path, collector: pages.collector, logger: logger)
            return Textfile(file: file, task: Task { await file.run() })
        }
    }
}
