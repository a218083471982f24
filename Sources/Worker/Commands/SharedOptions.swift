// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The options shared by `worker` and `send`.
struct SharedOptions: ParsableArguments {
    @Option(
        help: "The configuration file (JSON5). Default: \(ConfigurationFile.standardPath), where it exists.",
        completion: .configurationFile
    )
    var config: String?

    @Option(help: "A job server, HOST:PORT; may be given more than once.")
    var gearman: [String] = []

    @Option(help: "The Gearman function. Default: the host name.")
    var function: String?

    /// The given options, by their keys.
    var given: [(option: String, key: String, value: String)] {
        var given: [(option: String, key: String, value: String)] = []
        if !gearman.isEmpty { given.append(("--gearman", "gearman.servers", gearman.joined(separator: ","))) }
        if let function { given.append(("--function", "gearman.function", function)) }
        return given
    }
}
