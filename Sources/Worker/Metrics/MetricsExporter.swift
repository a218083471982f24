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

    /// Applies new settings.
    ///
    /// - Throws: `SettingError` if the address is not available; the previous one is then used. `ThreadError` if the
    ///   system provides no thread.
    func apply(_ settings: MetricsSettings) async throws {
        guard !hasEnded else { return }
        if settings.bind != server?.address { try await listen(on: settings.bind) }
        if settings.textfile != textfile?.file.path { await write(to: settings.textfile) }
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

    private func listen(on address: HTTPAddress?) async throws {
        let old = server
        // The old socket must be closed before the new one can use its port.
        let isSamePort = old != nil && old?.address.port == address?.port
        if isSamePort { await old?.server.stop() }
        do {
            server = try address.map { try makeServer($0) }
        } catch {
            if isSamePort, let old { server = try makeServer(old.address) }
            throw error
        }
        if !isSamePort { await old?.server.stop() }
    }

    private func makeServer(_ address: HTTPAddress) throws -> Server {
        let server: HTTPServer
        do throws(Errno) {
            server = try HTTPServer(address) { [pages] request in await pages.answer(request) }
        } catch {
            throw SettingError("metrics.bind", "cannot be used: cannot listen on \(address): \(error)")
        }
        try server.start()
        logger.notice("serving metrics", metadata: ["metrics.bind": "\(address)"])
        return Server(address: address, server: server)
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
