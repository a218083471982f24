// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Puts the configuration together: the command line before the environment, before the file, before the defaults.
struct ConfigurationLoader: Sendable {
    /// The options that were given, by the key that each stands for.
    var options: [(option: String, key: String, value: String)] = []
    /// The file that was asked for; nil for the standard one, where it exists.
    var file: String?
    /// The variables of the process.
    var environment: [String: String] = [:]
    /// The folder that relative paths start from; nil to leave them as they are.
    var folder: String?

    /// Reads, checks and combines everything.
    ///
    /// - Throws: `ConfigurationError`, which names the option, the variable, or the file and the key.
    func load() throws(ConfigurationError) -> WorkerConfiguration {
        var configuration = WorkerConfiguration()
        configuration.servers = (try? [GearmanServer("127.0.0.1")]) ?? []
        configuration.function = HostName.current
        try takeFile(into: &configuration)
        for key in ConfigurationKey.all {
            guard let value = environment[key.variable] else { continue }
            try take(.text(value), for: key, from: key.variable, into: &configuration)
        }
        for (option, name, value) in options {
            guard let key = ConfigurationKey.all.first(where: { $0.name == name }) else { continue }
            try take(.text(value), for: key, from: option, into: &configuration)
        }
        try requireCompleteTLS(configuration.tls)
        return folder.map { configuration.withAbsolutePaths(from: $0) } ?? configuration
    }

    private func takeFile(into configuration: inout WorkerConfiguration) throws(ConfigurationError) {
        guard let contents = try ConfigurationFile(path: file ?? ConfigurationFile.standardPath) else {
            if let file { throw ConfigurationError("--config", "\(file) is not there") }
            return
        }
        for (name, value) in contents.values {
            let origin = "\(contents.path): \(name)"
            guard let key = ConfigurationKey.all.first(where: { $0.name == name }) else {
                // A group as null or as a string is a wrong value and not an unknown key.
                let isGroup = ConfigurationKey.all.contains { $0.name.hasPrefix(name + ".") }
                if isGroup, case .object = value { continue }
                throw ConfigurationError(origin, isGroup ? "must be an object" : "is not a key of the configuration")
            }
            try take(value, for: key, from: origin, into: &configuration)
        }
    }

    private func requireCompleteTLS(_ tls: TLSSettings?) throws(ConfigurationError) {
        switch (tls?.certificate, tls?.key) {
        case (nil, nil), (_?, _?): break
        case (nil, _?):
            throw ConfigurationError("gearman.tls.certificate", "must be set because gearman.tls.key is")
        case (_?, nil):
            throw ConfigurationError("gearman.tls.key", "must be set because gearman.tls.certificate is")
        }
    }

    private func take(
        _ value: ConfigurationValue,
        for key: ConfigurationKey,
        from origin: String,
        into configuration: inout WorkerConfiguration
    ) throws(ConfigurationError) {
        do { try key.take(&configuration, value) } catch {
            throw ConfigurationError(origin, (error as? ConfigurationValue.Mismatch)?.problem ?? "\(error)")
        }
    }
}

extension WorkerConfiguration {
    /// Sets one value of `gearman.tls`, which is nil while none is set.
    mutating func setTLS(_ value: WritableKeyPath<TLSSettings, String?>, to text: String?) {
        var settings = tls ?? TLSSettings()
        settings[keyPath: value] = text
        tls = settings == TLSSettings() ? nil : settings
    }

    /// The effective configuration as JSON, keys in groups as in the file; what is not set is null.
    var json: JSONFragment { Self.grouped(ConfigurationKey.all.map { ($0.name[...], $0.show(self)) }) }

    private static func grouped(_ values: [(key: Substring, value: JSONFragment?)]) -> JSONFragment {
        var members: [JSONFragment.Member] = []
        var rest = values[...]
        while let (key, value) = rest.first {
            guard let dot = key.firstIndex(of: ".") else {
                members.append(.init(String(key), value ?? .null))
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
