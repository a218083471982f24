// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SteelyardCore

/// `steelyard suspend`.
struct SuspendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend",
        abstract: "Stop serving on this device, and keep the configuration.",
        usage: "\(Program.current.name) suspend --local [<options>]",
        discussion: LocalChange.discussion("Closes the ports. 'enable' opens them again.")
    )

    @OptionGroup var change: LocalChange

    func validate() throws { try change.requireLocal(.suspend) }

    func run() async throws { try await change.perform(.suspend) }
}
