// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SteelyardCore

/// The options shared by `worker` and `config`.
struct WorkerOptions: ParsableArguments {
    @OptionGroup var shared: SharedOptions

    @Option(
        help: "The driver: \(Program.current.drivers.map(\.name).joined(separator: ", ")).",
        completion: .drivers
    )
    var driver: String?

    @Flag(help: "Validate and log changes without applying them.")
    var dryRun = false

    @Option(help: "Directory for persistent state.", completion: .directory)
    var stateDir: String?

    @Flag(help: "Start a gearmand on loopback, and store the state in ./.steelyard. Needs no privileges.")
    var standalone = false

    @Option(
        help: "What to log: trace, debug, info, notice, warning, error or critical.",
        completion: .logLevels
    )
    var logLevel: String?

    @Option(help: "How to log: text or json.", completion: .logFormats)
    var logFormat: String?

    /// Loads the configuration with these options.
    func load() throws -> WorkerConfiguration { try Program.ending(78) { try loader.load() } }

    /// The loader for the configuration with these options.
    var loader: ConfigurationLoader {
        var given = shared.given
        for (option, key, value) in [
            ("--driver", "driver", driver), ("--state-dir", "state_dir", stateDir),
            ("--log-level", "log.level", logLevel), ("--log-format", "log.format", logFormat),
        ] {
            if let value { given.append((option, key, value)) }
        }
        if dryRun { given.append(("--dry-run", "dry_run", "true")) }
        if standalone, stateDir == nil { given.append(("--standalone", "state_dir", ".steelyard")) }
        if standalone, shared.gearman.isEmpty { given.append(("--standalone", "gearman.servers", "127.0.0.1:4730")) }
        return Program.loader(options: given, file: shared.config)
    }
}
