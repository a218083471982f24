// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Puts the configuration together: the command line before the environment, before the file, before the defaults.
struct ConfigurationLoader: Sendable {
    /// Variables of the tests and of the scripts; they set nothing in the agent.
    private static let testPrefix = "STEELYARD_TEST_"

    /// The program whose drivers and stores have settings.
    let program: AgentProgram
    /// The options that were given, by the key that each stands for.
    var options: [(option: String, key: String, value: String)] = []
    /// The file that was asked for; nil for the standard one, if it exists.
    var file: String?
    /// The variables of the process.
    var environment: [String: String] = [:]
    /// The directory that relative paths begin at; nil to leave them as they are.
    var folder: String?

    init(program: AgentProgram) { self.program = program }

    /// Reads, checks and combines everything.
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

    /// A fault of the program: a driver `a` with the key `b_c` and a driver `a_b` with the key `c` cannot be told apart.
    private func requireDistinct(_ settings: [SettingDescription]) throws(SettingError) {
        var variables: Set<String> = []
        for setting in settings where !variables.insert(setting.variable).inserted {
            throw SettingError(setting.key, "has the variable \(setting.variable), which another setting has, too")
        }
    }

    /// A mistyped variable would be ignored.
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
