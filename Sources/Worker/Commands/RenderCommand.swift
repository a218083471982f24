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

    @Argument(help: "The file with the message; - for standard input.")
    var file: String

    func run() throws {
        let configuration = try Program.load(options: [], file: config)
        let bytes = try MessageSource.read(file)
        let set: LoadBalancerSet
        do {
            let message = try Message(JSONDocument(bytes), limits: configuration.limits)
            guard case .update(let wanted) = message.action else {
                Program.fail("\(file): hpcs_action must be UPDATE")
                throw ExitCode.failure
            }
            set = wanted
        } catch let error as MessageError {
            Program.fail("\(file): \(error)")
            throw ExitCode.failure
        } catch let error as JSONSyntaxError {
            Program.fail("\(file): \(error)")
            throw ExitCode.failure
        }
        print(try HAProxyFactory.render(set, configuration), terminator: "")
    }
}
