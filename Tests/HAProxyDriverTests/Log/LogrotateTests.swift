// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardTestSupport
import Synchronization
import TestServers
import Testing

@testable import HAProxyDriver

/// Debian's logrotate runs while a log is written and archived.
@Suite(Requirement.logrotate.trait, .timeLimit(.minutes(5)), .ownThread)
struct LogrotateTests {
    /// The options of logrotate, and whether the writer reopens the log after a rotation, as a syslog daemon does.
    @Test(arguments: [
        ("create\n compress", true), ("create\n compress\n delaycompress", true),
        ("create\n dateext\n dateformat -%Y%m%d-%s\n compress", true),
        ("copytruncate", false), ("copytruncate\n compress", false),
        ("copytruncate\n dateext\n dateformat -%Y%m%d-%s", false),
    ])
    func everyLineComesOnce(options: String, reopens: Bool) async throws {
        try await withRotatedLog { log in
            let rules = log.url("rules.conf")
            try Data("\(log.path.path) { rotate 100\n missingok\n \(options)\n }\n".utf8).write(to: rules)
            var archived = ""
            var mark: LogMark?
            var number = 0
            func archive() throws {
                let opened = try log.opened()
                archived += try RotatedLog.text(opened, LogPart(.http, after: mark, upTo: opened.end))
                mark = opened.end
            }
            for _ in 0..<5 {
                for _ in 0..<3 {
                    try log.append(
                        RotatedLog.lines(number..<number + 500) + RotatedLog.lines(number..<number + 500, .tcp)
                    )
                    number += 500
                    try archive()
                }
                // More lines, which are archived only after the rotation.
                try log.append(RotatedLog.lines(number..<number + 500))
                number += 500
                _ = try await Command.run(
                    Requirement.logrotate.rawValue,
                    ["-f", "-s", log.url("rotation.state").path, rules.path]
                )
                // dateformat has a resolution of one second: a second rotation within it does nothing.
                if options.contains("dateext") { try await Task.sleep(for: .milliseconds(1100)) }
            }
            try archive()
            #expect(archived == RotatedLog.lines(0..<number))
            #expect(try log.text() == RotatedLog.lines(0..<number), "also in a single archive")
            #expect(log.warnings.lines.isEmpty)
        }
    }

    /// A long read, during which logrotate's copytruncate runs repeatedly.
    @Test(arguments: ["copytruncate", "copytruncate\n compress", "create\n compress"])
    func aReadingMeetsARotation(options: String) async throws {
        try await withRotatedLog { log in
            let rules = log.url("rules.conf")
            try Data("\(log.path.path) { rotate 100\n \(options)\n }\n".utf8).write(to: rules)
            let text = RotatedLog.lines(0..<30_000)
            try log.write(text)
            let opened = try log.opened()
            let reader = try opened.makeReader(of: [LogPart(.http)])
            var blocks = [LogBlock()]
            for _ in 0..<3 {
                _ = try reader.next(into: &blocks)
                _ = try await Command.run(
                    Requirement.logrotate.rawValue,
                    ["-f", "-s", log.url("rotation.state").path, rules.path]
                )
                try log.append(RotatedLog.lines(40_000..<40_100))
            }
            while try reader.next(into: &blocks) != nil {}
            #expect(String(decoding: blocks[0].bytes, as: UTF8.self) == text)
        }
    }
}
