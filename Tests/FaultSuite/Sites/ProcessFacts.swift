// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The data of a process in /proc.
struct ProcessFacts: Sendable {
    let pid: Int32
    let parent: Int32
    /// The state's letter, such as `Z`.
    let state: Character
    /// In 1/100 s since boot.
    let startTime: Int
    let arguments: [String]

    /// nil if the process does not exist.
    init?(_ pid: Int32) {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let parent = Int32(fields[1]), let state = fields[0].first,
            let startTime = Int(fields[19])
        else { return nil }
        self.pid = pid
        self.parent = parent
        self.state = state
        self.startTime = startTime
        let line = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/cmdline"))) ?? Data()
        arguments = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// All processes.
    static func all() -> [ProcessFacts] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.compactMap { ProcessFacts($0) }
    }
}
