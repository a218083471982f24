// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

extension HAProxySession {
    /// HAProxy accepts input up to its `tune.bufsize`, 16 KiB by default, minus a reserve.
    private static let inputLimit = 8000

    /// Sends many commands at a time to the current worker, and reads every answer.
    ///
    /// - Returns: The answers, one for each command.
    /// - Throws: `DriverError` with HAProxy's message for the first rejected command; the commands before it, and
    ///   perhaps some after it, have been executed.
    @discardableResult
    func perform(_ commands: [RuntimeCommand], by deadline: Deadline) throws(DriverError) -> [Substring] {
        var all: [Substring] = []
        while all.count < commands.count {
            let batch = Self.batch(commands[all.count...])
            let answers = try ask(batch.map(\.input), by: deadline)
            for (command, answer) in zip(batch, answers) where !command.isObeyed(answer) {
                let message = answer.split(whereSeparator: \.isNewline).first ?? ""
                throw DriverError(.rejected, "HAProxy rejected \"\(command.text)\": \(message.prefix(120))")
            }
            all += answers
        }
        return all
    }

    /// The longest batch of the first commands that HAProxy accepts at once.
    private static func batch(_ commands: ArraySlice<RuntimeCommand>) -> ArraySlice<RuntimeCommand> {
        var size = commands.first?.input.utf8.count ?? 0
        let end = commands.dropFirst().firstIndex { command in
            size += command.input.utf8.count + 1
            return size > inputLimit
        }
        return commands[..<(end ?? commands.endIndex)]
    }
}

extension RuntimeMark {
    /// The commands that set the variable, which HAProxy considers experimental.
    var commands: [RuntimeCommand] {
        [
            RuntimeCommand("experimental-mode on"),
            RuntimeCommand("set var", Self.variable, "str(\(value))"),
        ]
    }
}
