// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `steelyard worker`.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Run the agent in the foreground until SIGTERM or SIGINT."
    )

    @OptionGroup var options: WorkerOptions

    func run() async throws {
        let configuration = try options.load()
        let agent = Agent(
            configuration: configuration,
            registry: Program.registry,
            isStandalone: options.standalone
        )
        do { try await agent.run() } catch let error as ConfigurationError {
            Program.fail(error.description)
            throw ExitCode(78)
        }
    }
}
