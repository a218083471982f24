// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SteelyardCore

/// `steelyard delete`.
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Stop serving on this device, and remove the configuration and the logs.",
        usage: "\(Program.current.name) delete --local [<options>]",
        discussion: LocalChange.discussion(
            "It cannot be undone: logs that were not archived are lost. It asks for confirmation on a terminal."
        )
    )

    @OptionGroup var change: LocalChange

    @Flag(help: "Do not ask for confirmation.")
    var yes = false

    func validate() throws { try change.requireLocal(.delete) }

    func run() async throws {
        if !yes { try confirm() }
        try await change.perform(.delete)
    }

    private func confirm() throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw ValidationError("Standard input is no terminal to ask for confirmation; add --yes to delete.")
        }
        Program.ask("Remove the configuration and the logs of this device? Type yes: ")
        guard readLine()?.lowercased() == "yes" else {
            Program.fail("nothing was deleted")
            throw ExitCode.failure
        }
    }
}
