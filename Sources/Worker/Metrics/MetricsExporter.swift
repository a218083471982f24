// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Serves and writes the metrics as the settings demand, until graceful shutdown.
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
    ///   - collector: What knows the values.
    ///   - logger: Takes what goes wrong.
    init(_ collector: MetricsCollector, logger: Logger) {
        pages = MetricsPages(collector: collector)
        self.logger = logger
    }

    /// Serves and writes as other settings demand from now on.
    ///
    /// - Throws: `SettingError` where the address cannot be listened on; the old one is then used again. `ThreadError`
    ///   where the system gives no thread.
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
        // Both would have to have the same port for a moment.
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
            throw SettingError("metrics.bind", "cannot be used: listen on \(address): \(error)")
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
