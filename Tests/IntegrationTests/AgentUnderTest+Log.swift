// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

extension AgentUnderTest {
    /// Writes a log of some megabytes that hardly compress, based on a line of HAProxy.
    ///
    /// - Returns: The lines to archive.
    func fillLog(_ service: DeviceTests.Service) async throws -> Set<Substring> {
        _ = try await reply(to: service.update())
        _ = try await service.answer()
        let log = folder.appending(path: "state/haproxy.log")
        try await eventually("HAProxy has logged a request") {
            try String(contentsOf: log, encoding: .utf8).contains("GET / ")
        }
        let line = try #require(
            try String(contentsOf: log, encoding: .utf8).split(separator: "\n").first { $0.contains("GET / ") }
        )
        var random = SeededGenerator(seed: 1)
        var text = ""
        for _ in 0..<25_000 {
            let words = (0..<8).map { _ in String(random.next(), radix: 36) }
            text += line.replacing("GET / ", with: "GET /\(words.joined()) ") + "\n"
        }
        let file = try FileHandle(forWritingTo: log)
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
        return Set(text.split(separator: "\n"))
    }
}
