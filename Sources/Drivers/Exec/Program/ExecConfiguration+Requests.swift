// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage

extension ExecConfiguration {
    /// The command that starts the program, with a separate environment that contains none of the agent's secrets.
    var childCommand: ChildProcess.Command {
        var child = ChildProcess.Command(FilePath(settings.command.first ?? ""), Array(settings.command.dropFirst()))
        child.environment["LANG"] = "C.UTF-8"
        child.workingDirectory = "/"
        // Otherwise a killed agent would leave its program running, and the next agent would start a second one.
        child.endsWithThread = true
        return child
    }

    /// The first request.
    var initialization: Request {
        let members: [JSONFragment.Member] = [
            .init("protocol_version", .integer(Int64(ProgramDescription.protocolVersion))),
            .init("agent", .object([.init("name", .string(agent.name)), .init("version", .string(agent.release))])),
            .init("state_dir", .string(programFolder.string)),
            .init("read_only", .boolean(isReadOnly)),
            .init("settings", settings.settings.json),
        ]
        return Request(method: .initialize, members: members, timeout: limits.start)
    }
}
