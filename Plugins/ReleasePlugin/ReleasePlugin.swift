// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackagePlugin

/// Runs `release-stamp`, which writes the output of `git describe` into a source file of the target.
@main
struct ReleasePlugin: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: Target) async throws -> [Command] {
        let root = context.package.directoryURL
        let output = context.pluginWorkDirectoryURL.appending(path: "Release.swift")
        // Both change with each commit, so the command runs again; an archive without .git contains neither.
        let inputs = [".git/HEAD", ".git/logs/HEAD", "VERSION"].map { root.appending(path: $0) }
            .filter { FileManager.default.fileExists(atPath: $0.path(percentEncoded: false)) }
        return [
            .buildCommand(
                displayName: "Stamping the release",
                executable: try context.tool(named: "release-stamp").url,
                arguments: [root.path(percentEncoded: false), output.path(percentEncoded: false)],
                inputFiles: inputs,
                outputFiles: [output]
            )
        ]
    }
}
