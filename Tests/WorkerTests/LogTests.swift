// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import SteelyardCore
import TestServers
import Testing

@testable import SteelyardWorker

/// The agent's log lines.
@Suite struct LogTests {
    @Test func textHasTimeLevelMessageAndSortedValues() {
        let line = LogLine(
            label: "steelyard",
            level: .notice,
            message: "taking jobs",
            metadata: ["b": "two words", "a": "1", "c": "", "d": #"say "x=1\""#],
            time: UTCTimestamp(microseconds: 0)
        )
        let wanted = #"1970-01-01T00:00:00.000000Z notice taking jobs a=1 b="two words" c="" d="say \"x=1\\\"""#
        #expect(String(decoding: line.text, as: UTF8.self) == wanted)
    }

    /// No value, key or message can end or start a line, or control a terminal.
    @Test(arguments: ["\n", "\r", "\u{1B}[2J", "\u{0}", "\u{85}", "\u{2028}", "\u{202E}", "\u{7F}", "\u{9B}"])
    func cannotBeForged(_ text: String) throws {
        let forged = "H:x:1\(text)2026-01-01T00:00:00.000000Z critical forged"
        for metadata: Logger.Metadata in [
            ["gearman.job": "\(forged)"], ["gearman.job": ["\(forged)"]], ["gearman.job": ["key": "\(forged)"]],
            ["\(forged)": "x"],
        ] {
            let line = LogLine(label: "steelyard", level: .info, message: "m \(text) m", metadata: metadata)
            for scalar in String(decoding: line.text, as: UTF8.self).unicodeScalars {
                #expect(scalar.properties.generalCategory != .control)
                #expect(!["\u{2028}", "\u{202E}"].contains(scalar))
            }
            #expect(!line.json.contains { $0 < 0x20 })
            let object = try JSONSerialization.jsonObject(with: Data(line.json)) as? [String: Any]
            #expect(object?["message"] as? String == "m \(text) m")
        }
    }

    /// Lines have priorities only if standard error is the journal's stream: the variable may be inherited.
    @Test(arguments: [true, false], LogOutput.Format.allCases)
    func linesForTheJournalHavePriorities(_ isJournal: Bool, _ format: LogOutput.Format) async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "log")
            let descriptor = open(file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            defer { close(descriptor) }
            var information = stat()
            #expect(fstat(descriptor, &information) == 0)
            let inode = isJournal ? information.st_ino : information.st_ino + 1
            var settings = LogSettings()
            settings.level = .trace
            settings.format = format
            let output = LogOutput(settings, descriptor: descriptor, journal: "\(information.st_dev):\(inode)")
            let logger = AgentLogger.make(output)
            for level in Logger.Level.allCases { logger.log(level: level, "\(level)\n", metadata: ["x": "a\nb"]) }
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
            #expect(lines.count == Logger.Level.allCases.count)
            let priorities = lines.map { $0.hasPrefix("<") ? String($0.prefix(3)) : "" }
            let wanted = ["<7>", "<7>", "<6>", "<5>", "<4>", "<3>", "<2>"]
            #expect(priorities == (isJournal ? wanted : [String](repeating: "", count: 7)))
        }
    }

    /// A reload changes the level of every logger, including existing ones.
    @Test func levelChangesForLoggersThatExist() {
        var settings = LogSettings()
        settings.level = .error
        let output = LogOutput(settings, descriptor: -1)
        let logger = AgentLogger.make(output)
        var own = logger
        own.logLevel = .warning
        #expect(logger.logLevel == .error)
        settings.level = .debug
        output.apply(settings)
        #expect(logger.logLevel == .debug)
        #expect(own.logLevel == .warning)
    }
}
