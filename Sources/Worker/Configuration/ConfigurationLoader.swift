// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Loads the configuration: the command line overrides the environment, which overrides the file and the defaults.
struct ConfigurationLoader: Sendable {
    /// Variables of the tests and scripts; they configure nothing in the agent.
    private static let testPrefix = "STEELYARD_TEST_"

    /// The program, whose drivers and stores have settings.
    let program: AgentProgram
    /// The given options, by their keys.
    var options: [(option: String, key: String, value: String)] = []
    /// The requested file; nil for the standard one, if it exists.
    var file: String?
    /// The process's environment variables.
    var environment: [String: String] = [:]
    /// The directory for relative paths; nil to keep them unchanged.
    var folder: String?

    init(program: AgentProgram) { self.program = program }

    /// Reads, validates and merges all sources.
    ///
    /// - Throws: `ConfigurationError`, which names the option, the variable, or the file and the key.
    func load() throws(ConfigurationError) -> WorkerConfiguration {
        let contents = try ConfigurationFile(path: file ?? ConfigurationFile.standardPath)
        if contents == nil, let file { throw ConfigurationError("--config", "\(file) does not exist") }
        do throws(SettingError) {
            let configuration = try WorkerConfiguration(program: program, folder: folder) { key in
                self.given(key, contents)
            }
            try requireDistinct(configuration.settings)
            try requireKnownVariables(configuration.settings)
            try contents?.requireKnown(configuration.settings.map(\.key))
            return configuration
        } catch { throw ConfigurationError(error.origin, error.problem) }
    }

    /// Detects a bug in the program: a driver `a` with the key `b_c` and a driver `a_b` with the key `c` are ambiguous.
    private func requireDistinct(_ settings: [SettingDescription]) throws(SettingError) {
        var variables: Set<String> = []
        for setting in settings where !variables.insert(setting.variable).inserted {
            throw SettingError(setting.key, "has the same variable as another setting, \(setting.variable)")
        }
    }

    /// Otherwise a mistyped variable would be ignored.
    private func requireKnownVariables(_ settings: [SettingDescription]) throws(SettingError) {
        let known = Set(settings.map(\.variable)).union(program.credentialVariables)
        let names = environment.keys.filter {
            $0.hasPrefix(SettingDescription.variablePrefix) && !$0.hasPrefix(Self.testPrefix)
        }
        for name in names.sorted() where !known.contains(name) {
            throw SettingError(
                Excerpt.line(name),
                "is not a variable of \(program.name)\(Suggestion.text(for: name, among: known))"
            )
        }
    }

    private func given(_ key: String, _ file: ConfigurationFile?) -> [SettingReader.Given] {
        var given: [SettingReader.Given] = []
        if let value = file?.value(of: key), let path = file?.path {
            given.append(SettingReader.Given(origin: "\(path): \(key)", value: value))
        }
        let variable = SettingDescription.variable(of: key)
        if let value = environment[variable] {
            given.append(SettingReader.Given(origin: variable, value: .text(value)))
        }
        for option in options where option.key == key {
            given.append(SettingReader.Given(origin: option.option, value: .text(option.value)))
        }
        return given
    }
}
