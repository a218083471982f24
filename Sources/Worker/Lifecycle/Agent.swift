// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Glibc
import Logging
import ServiceLifecycle
import SteelyardCertificates
import SteelyardCore
import SteelyardMetrics
import SteelyardSystem
import SystemPackage

/// Assembles and runs the agent: all services between the job servers and the device.
struct Agent {
    private let configuration: WorkerConfiguration
    private let isStandalone: Bool
    private let serviceManager: ServiceManager
    private let logOutput: LogOutput
    private let logger: Logger

    init(
        configuration: WorkerConfiguration,
        isStandalone: Bool,
        serviceManager: ServiceManager = .none
    ) {
        self.configuration = configuration
        self.isStandalone = isStandalone
        self.serviceManager = serviceManager
        logOutput = LogOutput(configuration.log, journal: serviceManager.journalStream)
        logger = AgentLogger.make(logOutput)
    }

    /// Runs until a signal stops it.
    ///
    /// - Parameters:
    ///   - signals: Receives the signals.
    ///   - loader: The loader of the configuration, used again for reloads.
    /// - Throws: `ConfigurationError`, or the error that ended the agent early.
    func run(until signals: SignalReceiver, reloading loader: ConfigurationLoader) async throws {
        _ = try Self.makeTLSContext(configuration)
        try Self.checkStores(configuration)
        let lock = try lockStateDirectory()
        defer { _ = lock }
        let registry = MetricsRegistry(known: AgentMetric.counted, reserved: Set(AgentMetric.read.map(\.name)))
        let driver = try makeDriver(isReadOnly: configuration.isDryRun, metrics: registry)
        serviceManager.discardRemaining()
        let folder = FilePath(configuration.stateDirectory)
        let history = HistoryFile(in: folder, logger: logger, isReadOnly: configuration.isDryRun)
        await history.begin(with: driver)
        let collector = StatusCollector(
            configuration,
            logDirectory: logDirectory,
            driver: driver,
            history: history
        )
        let jobMetrics = JobMetrics(registry, lastArchive: history.history.lastPassedArchive)
        let dispatcher = try makeDispatcher(driver, observers: [history, collector, jobMetrics])
        await dispatcher.recover()
        let transport = try GearmanTransport(
            servers: configuration.servers,
            tls: configuration.tls,
            function: configuration.function,
            dispatcher: dispatcher,
            logger: logger,
            ready: { [self] in announce() }
        )
        collector.show { transport.connections }
        let metrics = makeMetricsExporter(registry, driver, transport)
        do { try await metrics.begin(configuration.metrics) } catch let error as SettingError {
            throw configuration.namingOrigin(error)
        }
        let reloads = makeReloadService(loader, dispatcher, transport, metrics)
        var services: [any Service] = [
            metrics,
            WatchdogService(
                serviceManager: serviceManager,
                isTransportAlive: { transport.isAlive },
                logger: logger
            ),
            reloads,
        ]
        if isStandalone, let server = configuration.servers.first {
            services.append(
                try StandaloneGearmand(
                    server: server,
                    stateDirectory: FilePath(configuration.stateDirectory),
                    logger: logger
                )
            )
        }
        // A driver service starts missing processes; a dry run must change nothing.
        if !configuration.isDryRun { services.append(DriverService(driver: driver)) }
        services.append(
            ControlService(in: folder, dispatcher: dispatcher, status: { await collector.report() }, logger: logger)
        )
        services.append(transport)
        // Stopped in reverse order: no job may arrive after the driver has ended.
        let group = ServiceGroup(services: services, logger: serviceLogger)
        serviceManager.report(status: "connecting to the job servers")
        signals.run(
            stop: { [serviceManager] in
                serviceManager.reportStopping()
                Task { await group.triggerGracefulShutdown() }
            },
            reload: { reloads.reload() }
        )
        defer { history.flush() }
        try await group.run()
        logger.notice("agent stopped; the device is left as it is")
    }

    private func makeReloadService(
        _ loader: ConfigurationLoader,
        _ dispatcher: Dispatcher,
        _ transport: GearmanTransport,
        _ metrics: MetricsExporter
    ) -> ReloadService {
        ReloadService(
            current: configuration,
            loader: loader,
            serviceManager: serviceManager,
            status: readyStatus,
            logOutput: logOutput,
            logger: logger,
            apply: { [logger] configuration in
                try Self.check(configuration)
                let archiver = try Self.makeArchiver(configuration, logger)
                // First, because it fails if the address is in use.
                try await metrics.apply(configuration.metrics)
                dispatcher.replace(
                    archiver: archiver,
                    diagnostics: NetworkDiagnostics(configuration),
                    limits: configuration.limits
                )
            },
            applyTransport: { try transport.apply(servers: $0.servers, tls: $0.tls) }
        )
    }

    private func makeMetricsExporter(
        _ registry: MetricsRegistry,
        _ driver: any LoadBalancerDriver,
        _ transport: GearmanTransport
    ) -> MetricsExporter {
        MetricsExporter(
            MetricsCollector(
                release: Program.current.release,
                driverName: configuration.driver.name,
                stateDirectory: configuration.stateDirectory,
                registry: registry,
                device: DeviceReader(driver),
                connections: { transport.connections }
            ),
            logger: logger
        )
    }

    /// Does what one message asks for, without a job server, also while an agent runs: for messages that change nothing.
    ///
    /// - Returns: The reply.
    /// - Throws: `ConfigurationError`, or an error of the driver's factory.
    func perform(_ message: [UInt8], job: any JobContext) async throws -> [UInt8] {
        try requireTrustedStateDirectory()
        try Self.checkStores(configuration)
        return await (try makeDispatcher(makeDriver(isReadOnly: true), keepsProgress: false)).handle(message, job: job)
            .reply.bytes
    }

    /// The service group's own log is only useful to developers.
    private var serviceLogger: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }

    private func requireTrustedStateDirectory() throws(ConfigurationError) {
        do throws(TrustedFolder.Failure) { try TrustedFolder.require(FilePath(configuration.stateDirectory)) } catch {
            throw ConfigurationError("state_dir", "cannot be used: \(error)")
        }
    }

    private func lockStateDirectory() throws(ConfigurationError) -> FolderLock {
        let folder = FilePath(configuration.stateDirectory)
        try requireTrustedStateDirectory()
        let owner: Int32?
        do throws(FileError) {
            try AtomicFile.makeFolder(folder)
            if let lock = try FolderLock(folder) { return lock }
            owner = try FolderLock.owner(of: folder)
        } catch {
            throw ConfigurationError("state_dir", "cannot be used: \(error)")
        }
        throw ConfigurationError(
            "state_dir",
            "\(folder) is in use by another agent\(owner.map { ", process \($0)" } ?? ""); stop it, or set another path"
        )
    }

    /// Checks a configuration without using it.
    ///
    /// - Throws: `ConfigurationError`, or another error of a driver's or store's check.
    static func check(_ configuration: WorkerConfiguration) throws {
        let context = DriverContext(
            stateDirectory: configuration.stateDirectory,
            keyDirectory: configuration.keyDirectory,
            logger: AgentLogger.make(LogOutput(configuration.log)),
            isReadOnly: true
        )
        try configuration.namingOrigins {
            try configuration.driver.check(configuration.ownDriverSettings, context)
        }
        _ = try makeTLSContext(configuration)
        try checkStores(configuration)
    }

    private static func checkStores(_ configuration: WorkerConfiguration) throws {
        guard let archive = configuration.archive else { return }
        let context = StoreContext(archive, logger: AgentLogger.make(LogOutput(configuration.log)))
        for store in Program.current.stores {
            let settings = configuration.storeSettings[store.format.type] ?? NoSettings()
            try configuration.namingOrigins { try store.check(settings, context) }
        }
    }

    /// Reads the files of `gearman.tls`.
    ///
    /// - Returns: nil if connections to the job servers are not encrypted.
    /// - Throws: `ConfigurationError` with the key of the unusable file.
    static func makeTLSContext(_ configuration: WorkerConfiguration) throws(ConfigurationError) -> TLSContext? {
        guard let settings = configuration.tls else { return nil }
        do { return try TLSContext(settings) } catch {
            throw ConfigurationError(error.key ?? "gearman.tls", error.problem)
        }
    }

    private func makeDriver(
        isReadOnly: Bool,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) throws -> any LoadBalancerDriver {
        let context = DriverContext(
            stateDirectory: configuration.stateDirectory,
            keyDirectory: configuration.keyDirectory,
            logger: logger,
            agentName: Program.current.name,
            release: Program.current.release,
            isReadOnly: isReadOnly,
            metrics: metrics,
            descriptors: serviceManager
        )
        let driver = configuration.driver
        return try configuration.namingOrigins {
            try driver.check(configuration.ownDriverSettings, context)
            return try driver.make(configuration.ownDriverSettings, context)
        }
    }

    private func makeDispatcher(
        _ driver: any LoadBalancerDriver,
        observers: [any JobObserver] = [],
        keepsProgress: Bool = true
    ) throws -> Dispatcher {
        Dispatcher(
            driver: driver,
            driverName: configuration.driver.name,
            archiver: try Self.makeArchiver(configuration, logger, keepsProgress: keepsProgress),
            stores: Program.current.stores.map(\.format),
            certificates: OpenSSLCertificateReader(),
            diagnostics: NetworkDiagnostics(configuration),
            release: Program.current.release,
            limits: configuration.limits,
            isDryRun: configuration.isDryRun,
            logger: logger,
            observers: observers
        )
    }

    /// The directory of the log that an ARCHIVE reads; nil if the driver does not name it.
    private var logDirectory: String? {
        let log = configuration.supportFacts(logger: logger).log
        return log.map { FilePath($0).removingLastComponent().string }
    }

    /// - Parameter keepsProgress: Whether to record the archive state, which only one process at a time may do.
    private static func makeArchiver(
        _ configuration: WorkerConfiguration,
        _ logger: Logger,
        keepsProgress: Bool = true
    ) throws -> (any LogArchiver)? {
        guard let archiver = Program.current.archiver, let archive = configuration.archive else { return nil }
        let context = StoreContext(archive, logger: logger)
        var stores: [String: any ObjectStore] = [:]
        for store in Program.current.stores {
            let type = store.format.type
            let settings = configuration.storeSettings[type] ?? NoSettings()
            stores[type] = try configuration.namingOrigins { try store.make(settings, context) }
        }
        return archiver.make(
            archive,
            ArchiverContext(
                stores: stores,
                logName: configuration.driver.logName,
                stateDirectory: keepsProgress ? configuration.stateDirectory : nil,
                isDryRun: configuration.isDryRun
            )
        )
    }

    private var readyStatus: String {
        "taking jobs as \(configuration.function) with driver \(configuration.driver.name)"
    }

    private func announce() {
        let servers = configuration.servers.map(\.description).joined(separator: ",")
        print("ready function=\(configuration.function) driver=\(configuration.driver.name) servers=\(servers)")
        fflush(nil)
        serviceManager.reportReady(status: readyStatus)
        Task {
            try await Task.sleep(for: .milliseconds(500))
            StartupMemory.release()
        }
    }
}

extension StoreContext {
    fileprivate init(_ settings: ArchiveSettings, logger: Logger) {
        self.init(
            certificateAuthorityFile: settings.certificateAuthorityFile,
            segmentBytes: settings.segmentBytes,
            refusesLocalAddresses: settings.endpoints.isEmpty,
            logger: logger
        )
    }
}
