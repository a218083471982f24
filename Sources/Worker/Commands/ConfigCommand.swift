// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SteelyardCore

/// `steelyard config`.
struct ConfigCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "config",
            abstract: "Check the configuration, and print each value and its origin.",
            usage: "\(Program.current.name) config [<options>]",
            discussion: SettingList.text
        )
    }

    @OptionGroup var options: WorkerOptions

    @Flag(help: "Print plain JSON, without the origin of each value.")
    var json = false

    func run() throws {
        let configuration = try options.load()
        try Program.ending(78) { try Agent.check(configuration) }
        try Program.write(json ? configuration.json.indented + "\n" : ConfigurationText(configuration.settings).text)
    }
}
