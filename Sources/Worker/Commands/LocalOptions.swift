// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import SystemPackage

/// The options by which a command finds the agent on the same device.
struct LocalOptions: ParsableArguments {
    @Option(
        help: "The configuration file (JSON5). Default: \(ConfigurationFile.standardPath), where it exists.",
        completion: .configurationFile
    )
    var config: String?

    @Option(help: "Directory for persistent state: that of the agent.", completion: .directory)
    var stateDir: String?

    /// The agent's state directory.
    ///
    /// With `--state-dir`, no configuration is read: a fault in it must not be in the way of an emergency.
    ///
    /// - Throws: An exit with the code 78 if the configuration is needed and wrong.
    func stateDirectory() throws -> FilePath {
        guard let stateDir else { return FilePath(try load().stateDirectory) }
        let path = FilePath(stateDir)
        return path.isAbsolute ? path : FilePath(FileManager.default.currentDirectoryPath).pushing(path)
    }

    /// Loads the configuration with these options.
    func load(_ more: [(option: String, key: String, value: String)] = []) throws -> WorkerConfiguration {
        let given = stateDir.map { [(option: "--state-dir", key: "state_dir", value: $0)] } ?? []
        return try Program.load(options: given + more, file: config)
    }
}
