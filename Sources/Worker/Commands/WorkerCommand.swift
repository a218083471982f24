// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SteelyardCore
import SteelyardSystem

/// `steelyard worker`.
struct WorkerCommand: AsyncParsableCommand {
    static let name = "worker"
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: name,
            abstract: "Run the agent in the foreground until SIGTERM or SIGINT.",
            usage: "\(Program.current.name) worker [<options>]",
            discussion: """
                SIGHUP reloads the configuration file and applies the settings that need no restart.

                \(SettingList.text)
                """
        )
    }

    @OptionGroup var options: WorkerOptions

    func run() async throws {
        do {
            let process = try WorkerProcess.prepare()
            let signals = try SignalReceiver(process.signals)
            let loader = options.loader
            let configuration = try Program.ending(78) { try loader.load() }
            let agent = Agent(
                configuration: configuration,
                isStandalone: options.standalone,
                serviceManager: process.serviceManager
            )
            try await agent.run(until: signals, reloading: loader)
        } catch let error as ConfigurationError {
            Program.fail(error.description)
            throw ExitCode(78)
        } catch let error as SystemFailure {
            Program.fail(error.description)
            throw ExitCode(EX_OSERR)
        } catch let error as ConnectionError {
            Program.fail(error.description)
            throw ExitCode(EX_OSERR)
        } catch let error as ThreadError {
            Program.fail(error.description)
            throw ExitCode(EX_OSERR)
        }
    }
}
