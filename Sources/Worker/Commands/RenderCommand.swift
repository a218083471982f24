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
        let (wanted, listName) = try Self.read(file, configuration)
        let old = try against.map { try Self.read($0, configuration, wasAccepted: true).wanted }
        do { try Program.write(HAProxyFactory.render(wanted, against: old, configuration)) } catch let error
            as DriverError
        {
            Program.fail("\(file): \(error.sentence(listName: listName))")
            throw ExitCode.failure
        }
    }

    private static func read(
        _ file: String,
        _ configuration: WorkerConfiguration,
        wasAccepted: Bool = false
    ) throws -> (wanted: LoadBalancerSet, listName: String) {
        let bytes = try MessageSource.read(file)
        do {
            let document = try JSONDocument(bytes)
            let message = try Message(document, limits: configuration.limits, wasAccepted: wasAccepted)
            if case .update(let wanted) = message.action { return (wanted, message.listName) }
            Program.fail("\(file): hpcs_action must be UPDATE")
        } catch let error as MessageError {
            Program.fail("\(file): \(error)")
        } catch let error as JSONSyntaxError {
            Program.fail("\(file): \(error)")
        }
        throw ExitCode.failure
    }
}
