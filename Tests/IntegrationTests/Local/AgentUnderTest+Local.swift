// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers

extension AgentUnderTest {
    var stateFolder: URL { folder.appending(path: "state") }

    /// Runs a command that finds the agent by its state directory.
    func local(_ arguments: String..., variables: [String: String] = [:]) async throws -> SteelyardProgram.Finished {
        try await Self.local(arguments, stateFolder, variables)
    }

    static func local(
        _ arguments: [String],
        _ state: URL,
        _ variables: [String: String] = [:]
    ) async throws -> SteelyardProgram.Finished {
        try await SteelyardProgram.run(arguments + ["--state-dir", state.path], variables: variables)
    }

    /// The status as JSON.
    func status() async throws -> [String: Any] { try await local("status", "--json").reply() }
}

extension [String: Any] {
    /// A member of an object within this one, by a path such as `device.phase`.
    subscript(path path: String) -> Any? {
        var value: Any? = self
        for name in path.split(separator: ".") { value = (value as? [String: Any])?[String(name)] }
        return value
    }

    func text(_ path: String) -> String? { self[path: path] as? String }

    /// The objects of a list.
    func list(_ name: String) -> [[String: Any]] { self[name] as? [[String: Any]] ?? [] }
}
