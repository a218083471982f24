// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// Commands that HAProxy is given in as few lines as they fit into.
enum RuntimeBatch {
    /// HAProxy takes a line of its `tune.bufsize`, 16 KiB by default, less what it reserves.
    private static let lineLimit = 8000

    /// Asked after every command: versions of HAProxy end their answers in different ways, and this has only one.
    private static let separator = "get var \(RuntimeMark.variable.text)"

    /// The lines, each with its commands.
    static func lines(of commands: [RuntimeCommand]) -> [(text: String, commands: ArraySlice<RuntimeCommand>)] {
        var lines: [(text: String, commands: ArraySlice<RuntimeCommand>)] = []
        var start = 0
        while start < commands.count {
            var text = ""
            var end = start
            repeat {
                // Nothing follows the last separator: HAProxy would take it for a command, and answer with its help.
                text += "\(text.isEmpty ? "" : "; ")\(commands[end].text); \(separator)"
                end += 1
            } while end < commands.count && text.utf8.count + commands[end].text.utf8.count < lineLimit
            lines.append((text, commands[start..<end]))
            start = end
        }
        return lines
    }

    /// Takes what was answered to a line apart.
    static func answers(in text: String) -> [Substring] {
        var answers: [Substring] = []
        var start = text.startIndex
        for line in text.split(separator: "\n", omittingEmptySubsequences: true)
        where line.hasPrefix("\(RuntimeMark.variable.text): ") {
            let answer = text[start..<line.startIndex]
            let end = answer.lastIndex { $0 != "\n" }.map { answer.index(after: $0) } ?? answer.startIndex
            answers.append(answer[..<end].drop { $0 == "\n" })
            start = line.endIndex
        }
        return answers
    }
}

extension HAProxyProcesses {
    /// Gives the current worker commands, and reads every answer.
    ///
    /// - Returns: The answers, one for each command.
    /// - Throws: `DriverError` with HAProxy's words for the first that it does not obey; those before it, and perhaps
    ///   some after it, are done by then.
    @discardableResult
    func perform(_ commands: [RuntimeCommand], by deadline: Deadline) throws(DriverError) -> [Substring] {
        var all: [Substring] = []
        for line in RuntimeBatch.lines(of: commands) {
            let answers = RuntimeBatch.answers(in: try ask(line.text, worker: nil, by: deadline))
            for (place, command) in line.commands.enumerated() {
                guard place < answers.count else {
                    throw DriverError(.unavailable, "HAProxy does not answer \"\(command.text)\"")
                }
                guard command.isObeyed(answers[place]) else {
                    let words = answers[place].split(whereSeparator: \.isNewline).first ?? ""
                    throw DriverError(.rejected, "HAProxy refuses \"\(command.text)\": \(words.prefix(120))")
                }
            }
            all += answers.prefix(line.commands.count)
        }
        return all
    }

    /// Has the running HAProxy say that it serves this.
    func mark(_ mark: RuntimeMark, by deadline: Deadline) throws(DriverError) {
        try perform(mark.commands, by: deadline)
    }

    /// The servers as HAProxy has them.
    func servers(by deadline: Deadline) throws(DriverError) -> ServerStateTable {
        guard let table = ServerStateTable(try ask("show servers state", worker: nil, by: deadline)) else {
            throw DriverError(.unavailable, "HAProxy does not say how its servers are")
        }
        return table
    }
}

extension RuntimeMark {
    /// Variables of the process are an experiment of HAProxy's for as long as they can be set.
    var commands: [RuntimeCommand] {
        [
            RuntimeCommand("experimental-mode on"),
            RuntimeCommand("set var", Self.variable, "str(\(value))"),
        ]
    }
}
