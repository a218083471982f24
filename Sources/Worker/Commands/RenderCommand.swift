// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SteelyardCore

/// `steelyard render`.
struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Print the HAProxy configuration that an UPDATE message would give; touches nothing."
    )

    @Option(help: "The configuration file (JSON5). Default: \(ConfigurationFile.standardPath), where it exists.")
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Print what it would take to come here from this UPDATE instead: nothing, commands or a reload.",
            discussion: "The state.json of a device's state folder is such a file, too.",
            valueName: "file"
        )
    )
    var against: String?

    @Argument(help: "The file with the message; - for standard input.")
    var file: String

    func run() throws {
        let configuration = try Program.load(options: [], file: config)
        let wanted = try Self.read(file, configuration)
        if let against {
            let plan = try HAProxyFactory.plan(from: Self.read(against, configuration), to: wanted, configuration)
            try Program.write(plan + "\n")
        } else {
            try Program.write(HAProxyFactory.render(wanted, configuration))
        }
    }

    private static func read(_ file: String, _ configuration: WorkerConfiguration) throws -> LoadBalancerSet {
        let bytes = try MessageSource.read(file)
        do {
            let message = try Message(JSONDocument(bytes), limits: configuration.limits)
            if case .update(let wanted) = message.action { return wanted }
            Program.fail("\(file): hpcs_action must be UPDATE")
        } catch let error as MessageError {
            Program.fail("\(file): \(error)")
        } catch let error as JSONSyntaxError {
            Program.fail("\(file): \(error)")
        }
        throw ExitCode.failure
    }
}
