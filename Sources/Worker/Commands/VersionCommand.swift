// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SteelyardCore

/// `steelyard version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Print the name, the version and the build."
    )

    func run() throws {
        let program = Program.current
        try Program.write("\(program.name) \(program.release.version) (\(program.release.release))\n")
    }
}
