// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// All validated settings of the agent and of the program's drivers and stores.
///
/// Each property names its key in the configuration file.
struct WorkerConfiguration: Sendable {
    /// `gearman.servers`: the job servers; at least one.
    var servers: [HostPort]
    /// `gearman.function`: the function to register for jobs; by default the host name.
    let function: String
    /// `gearman.tls`: the encryption of connections to the job servers; nil for plain TCP, if all of its keys are null.
    var tls: TLSSettings?
    /// `driver`: the driver.
    let driver: DriverDefinition
    /// `dry_run`: whether changes are only previewed.
    let isDryRun: Bool
    /// `state_dir`: the absolute path of the directory for persistent state.
    let stateDirectory: String
    /// `tls.directory`: the absolute path of the directory for certificates and private keys; nil for the default.
    let keyDirectory: String?
    /// `archive`: the archiving of logs.
    var archive: ArchiveSettings?
    /// `diagnostics`: the probes of DIAGNOSTICS.
    var diagnostics: DiagnosticsSettings
    /// `limits`: the maximum sizes of a message.
    var limits: MessageLimits
    /// `log`: the level and the format of the agent's log.
    var log: LogSettings
    /// `metrics`: how the agent exports its metrics.
    var metrics: MetricsSettings
    /// The settings of the drivers, by their names.
    let driverSettings: [String: any Sendable]
    /// The settings of the stores, by type.
    var storeSettings: [String: any Sendable]
    /// All settings, in display form.
    var settings: [SettingDescription]

    /// Reads the settings.
    ///
    /// - Parameters:
    ///   - program: The program, whose drivers and stores have settings.
    ///   - folder: The directory for relative paths; nil to keep them unchanged.
    ///   - given: Returns the values for a key; later ones take precedence.
    /// - Throws: `SettingError`.
    init(
        program: AgentProgram,
        folder: String?,
        given: @escaping (String) -> [SettingReader.Given]
    ) throws(SettingError) {
        var read: [SettingDescription] = []
        func group<Settings>(
            _ name: String?,
            _ make: (inout SettingReader) throws(SettingError) -> Settings
        ) throws(SettingError) -> Settings {
            var reader = SettingReader(group: name, folder: folder, given: given)
            defer { read += reader.settings }
            return try make(&reader)
        }
        let gearman = try group("gearman") { reader throws(SettingError) in try GearmanSettings(&reader) }
        (servers, function, tls) = (gearman.servers, gearman.function, gearman.tls)
        let general = try group(nil) { reader throws(SettingError) in try GeneralSettings(&reader, program.drivers) }
        (driver, isDryRun, stateDirectory) = (general.driver, general.isDryRun, general.stateDirectory)
        keyDirectory = try group("tls") { reader throws(SettingError) in try KeySettings(&reader) }.directory
        var drivers: [String: any Sendable] = [:]
        for driver in program.drivers {
            let settings: any Sendable = try group(driver.name) { reader throws(SettingError) in
                try driver.readSettings(&reader)
            }
            drivers[driver.name] = settings
        }
        driverSettings = drivers
        archive = nil
        var stores: [String: any Sendable] = [:]
        if program.archiver != nil {
            archive = try group(ArchiveSettings.group) { reader throws(SettingError) in try ArchiveSettings(&reader) }
            for store in program.stores {
                let settings: any Sendable = try group(store.format.type) { reader throws(SettingError) in
                    try store.readSettings(&reader)
                }
                stores[store.format.type] = settings
            }
        }
        storeSettings = stores
        diagnostics = try group("diagnostics") { reader throws(SettingError) in try DiagnosticsSettings(&reader) }
        limits = try group("limits") { reader throws(SettingError) in try MessageLimits(&reader) }
        log = try group("log") { reader throws(SettingError) in try LogSettings(&reader) }
        metrics = try group("metrics") { reader throws(SettingError) in try MetricsSettings(&reader) }
        settings = read
    }

    /// The settings of the selected driver.
    var ownDriverSettings: any Sendable { driverSettings[driver.name] ?? NoSettings() }

    /// What support needs of the driver that is used.
    func supportFacts(logger: Logger) -> SupportFacts {
        let context = DriverContext(
            stateDirectory: stateDirectory,
            keyDirectory: keyDirectory,
            logger: logger,
            isReadOnly: true
        )
        return driver.supportFacts(ownDriverSettings, context)
    }
}

extension WorkerConfiguration {
    /// Calls a function of a definition; converts a `SettingError` to a `ConfigurationError` with the value's origin.
    func namingOrigins<Success>(_ body: () throws -> Success) throws -> Success {
        do { return try body() } catch let error as SettingError { throw namingOrigin(error) }
    }

    /// The same error with the origin of the setting's value.
    func namingOrigin(_ error: SettingError) -> ConfigurationError {
        ConfigurationError(settings.first { $0.key == error.key }?.origin ?? error.origin, error.problem)
    }

    /// The effective configuration as JSON, with keys in groups as in the file; missing values are null.
    var json: JSONFragment { Self.grouped(settings.map { ($0.key[...], $0.value.json) }) }

    private static func grouped(_ values: [(key: Substring, value: JSONFragment)]) -> JSONFragment {
        var members: [JSONFragment.Member] = []
        var rest = values[...]
        while let (key, value) = rest.first {
            guard let dot = key.firstIndex(of: ".") else {
                members.append(.init(String(key), value))
                rest = rest.dropFirst()
                continue
            }
            let group = key[...dot]
            let inner = rest.prefix { $0.key.hasPrefix(group) }
            members.append(
                .init(String(group.dropLast()), grouped(inner.map { ($0.key.dropFirst(group.count), $0.value) }))
            )
            rest = rest.dropFirst(inner.count)
        }
        return .object(members)
    }
}
