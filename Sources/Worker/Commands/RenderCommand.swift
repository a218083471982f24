// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SteelyardCertificates
import SteelyardCore

/// `steelyard render`.
struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Print the proxy's configuration for an UPDATE message. Changes nothing.",
        usage: "\(Program.current.name) render [--against <file>] [<options>] <file>"
    )

    @Option(
        help: "The configuration file (JSON5). Default: \(ConfigurationFile.standardPath), where it exists.",
        completion: .configurationFile
    )
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Print the change of a device that serves this UPDATE: nothing, commands or a reload.",
            discussion: "The state.json of a device's state directory is also such a file.",
            valueName: "file"
        ),
        completion: .file()
    )
    var against: String?

    @Option(
        help: "The driver. Default: the configuration's, if it can render, else the first that can.",
        completion: .drivers
    )
    var driver: String?

    @Argument(help: "The file with the message; - for standard input.", completion: .file())
    var file: String

    func run() throws {
        let given = driver.map { [(option: "--driver", key: "driver", value: $0)] } ?? []
        let configuration = try Program.load(options: given, file: config)
        let (wanted, listName) = try Self.read(file, configuration)
        let old = try against.map { try Self.read($0, configuration, wasAccepted: true).wanted }
        do { try Program.write(render(wanted, against: old, configuration)) } catch let error as DriverError {
            Program.fail("\(file): \(error.sentence(listName: listName))")
            throw ExitCode.failure
        }
    }

    private func render(
        _ wanted: LoadBalancerSet,
        against old: LoadBalancerSet?,
        _ configuration: WorkerConfiguration
    ) throws -> String {
        let own = configuration.driver
        let others = driver == nil ? Program.current.drivers.filter(\.canRender) : []
        let renderer = own.canRender ? own : others.first ?? own
        let context = DriverContext(
            stateDirectory: configuration.stateDirectory,
            keyDirectory: configuration.keyDirectory,
            logger: AgentLogger.make(LogOutput(configuration.log)),
            isReadOnly: true
        )
        let settings = configuration.driverSettings[renderer.name] ?? NoSettings()
        let rendered = try Program.ending(78) {
            try configuration.namingOrigins { try renderer.render(wanted, against: old, settings, context) }
        }
        guard let text = rendered else {
            throw ValidationError("The driver \(renderer.name) has no configuration to print.")
        }
        return text
    }

    private static func read(
        _ file: String,
        _ configuration: WorkerConfiguration,
        wasAccepted: Bool = false
    ) throws -> (wanted: LoadBalancerSet, listName: String) {
        let bytes = try MessageSource.read(file)
        do {
            let document = try JSONDocument(bytes)
            let message = try Message(
                document,
                limits: configuration.limits,
                certificates: OpenSSLCertificateReader(),
                wasAccepted: wasAccepted
            )
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
