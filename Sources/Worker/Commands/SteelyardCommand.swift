// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The root of the command line.
struct SteelyardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steelyard",
        abstract: "The agent on a load-balancer device: takes messages from Gearman and makes HAProxy obey them.",
        version: "\(Build.version) (\(Build.release))",
        subcommands: [
            WorkerCommand.self, SendCommand.self, ArchiveCommand.self, RenderCommand.self, ConfigCommand.self,
        ]
    )
}
