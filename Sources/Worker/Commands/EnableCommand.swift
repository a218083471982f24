// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SteelyardCore

/// `steelyard enable`.
struct EnableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Serve again on this device after a suspend.",
        usage: "\(Program.current.name) enable --local [<options>]",
        discussion: LocalChange.discussion("Opens the ports again.")
    )

    @OptionGroup var change: LocalChange

    func validate() throws { try change.requireLocal(.enable) }

    func run() async throws { try await change.perform(.enable) }
}
