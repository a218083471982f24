// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SteelyardCore

/// The root of the command line.
struct SteelyardCommand: AsyncParsableCommand {
    static let configuration: CommandConfiguration = {
        let program = Program.current
        let isArchiving = !program.stores.isEmpty
        let isRendering = program.drivers.contains { $0.canRender }
        return CommandConfiguration(
            commandName: program.name,
            abstract: program.summary,
            version: "\(program.release.version) (\(program.release.release))",
            subcommands: [WorkerCommand.self, SendCommand.self] + (isArchiving ? [ArchiveCommand.self] : [])
                + (isRendering ? [RenderCommand.self] : []) + [
                    ConfigCommand.self, StatusCommand.self, SuspendCommand.self, EnableCommand.self, DeleteCommand.self,
                    BundleCommand.self, VersionCommand.self,
                ]
        )
    }()
}
