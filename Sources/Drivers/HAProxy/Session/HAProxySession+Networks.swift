// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

extension HAProxySession {
    /// Whether the current worker has these networks in its lists.
    ///
    /// - Throws: `DriverError` if HAProxy does not answer.
    func holds(_ lists: [NetworkList], by deadline: Deadline) throws(DriverError) -> Bool {
        for list in lists {
            // Each line has the entry's address in memory, and the network.
            let lines = try ask("show acl \(list.path.text)", by: deadline).split(separator: "\n")
            let entries = Set(lines.compactMap { $0.split(separator: " ").last })
            guard entries == Set(list.networks.map { Substring($0.description) }) else { return false }
        }
        return true
    }

    /// Prepares new versions of lists of networks, which have no effect yet.
    ///
    /// - Returns: The commands that fill and commit them.
    /// - Throws: `DriverError` if HAProxy does not answer or does not have a list.
    func prepare(_ lists: [NetworkList], by deadline: Deadline) throws(DriverError) -> [RuntimeCommand] {
        var commands: [RuntimeCommand] = []
        for list in lists {
            let command = RuntimeCommand("prepare acl", list.path, answers: .text("New version created: "))
            let answers = try perform([command], by: deadline)
            guard let version = answers.first.flatMap({ NetworkList.version(in: $0) }) else {
                throw DriverError(.rejected, "HAProxy's answer to \"\(command.text)\" cannot be read")
            }
            commands += list.commands(version: version)
        }
        return commands
    }
}
