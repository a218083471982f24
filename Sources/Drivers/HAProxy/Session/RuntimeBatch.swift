// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

extension HAProxySession {
    /// HAProxy takes input up to its `tune.bufsize`, 16 KiB by default, less what it reserves.
    private static let inputLimit = 8000

    /// Gives the current worker commands, many at a time, and reads every answer.
    ///
    /// - Returns: The answers, one for each command.
    /// - Throws: `DriverError` with HAProxy's message for the first that it does not obey; those before it, and perhaps
    ///   some after it, are done by then.
    @discardableResult
    func perform(_ commands: [RuntimeCommand], by deadline: Deadline) throws(DriverError) -> [Substring] {
        var all: [Substring] = []
        while all.count < commands.count {
            let batch = Self.batch(commands[all.count...])
            let answers = try ask(batch.map(\.text), by: deadline)
            for (command, answer) in zip(batch, answers) where !command.isObeyed(answer) {
                let message = answer.split(whereSeparator: \.isNewline).first ?? ""
                throw DriverError(.rejected, "HAProxy refuses \"\(command.text)\": \(message.prefix(120))")
            }
            all += answers
        }
        return all
    }

    /// The first of the commands, as many as HAProxy takes at a time.
    private static func batch(_ commands: ArraySlice<RuntimeCommand>) -> ArraySlice<RuntimeCommand> {
        var size = 0
        let end = commands.dropFirst().firstIndex { command in
            size += command.text.utf8.count + 1
            return size > inputLimit
        }
        return commands[..<(end ?? commands.endIndex)]
    }
}

extension RuntimeMark {
    /// The commands that set the variable; HAProxy calls that experimental.
    var commands: [RuntimeCommand] {
        [
            RuntimeCommand("experimental-mode on"),
            RuntimeCommand("set var", Self.variable, "str(\(value))"),
        ]
    }
}
