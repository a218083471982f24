// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The resources of the agent and its HAProxy at one time.
package struct LeakGauge: Sendable, Codable {
    /// The agent's open descriptors.
    package var descriptors = 0
    package var threads = 0
    /// The agent's memory that is not shared with files, in kB.
    package var memory = 0
    /// The agent's child processes, zombies included.
    package var children = 0
    package var haproxyMasters = 0
    package var haproxyWorkers = 0
    /// The names of the files in the state folder.
    package var files: [String] = []

    /// Measures the resources.
    static func read(agent pid: Int32, haproxy: HAProxySite, stateFolder: URL) -> LeakGauge {
        var gauge = LeakGauge()
        gauge.descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        func number(_ name: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") } ?? ""
            return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
        }
        gauge.threads = number("Threads")
        gauge.memory = number("RssAnon")
        // A HAProxy started by this agent is also its child; it is counted as HAProxy.
        let processes = haproxy.processes()
        gauge.haproxyMasters = processes.masters.count
        gauge.haproxyWorkers = processes.workers.count
        gauge.children = ProcessFacts.all().count { $0.parent == pid && !processes.masters.contains($0.pid) }
        let names = FileManager.default.enumerator(atPath: stateFolder.path)?.compactMap { $0 as? String } ?? []
        gauge.files = names.sorted()
        return gauge
    }

    /// The resources that exceed a baseline by more than the usual variation.
    func excess(over baseline: LeakGauge) -> [String] {
        var excess: [String] = []
        func compare(_ what: String, _ now: Int, _ limit: Int) {
            if now > limit { excess.append("\(what): \(now), at most \(limit) expected") }
        }
        compare("descriptors", descriptors, baseline.descriptors + 4)
        compare("threads", threads, baseline.threads + 6)
        compare("memory in kB", memory, baseline.memory + 24 << 10)
        compare("child processes", children, baseline.children)
        compare("HAProxy masters", haproxyMasters, 1)
        compare("HAProxy workers", haproxyWorkers, 1)
        let fresh = Set(files).subtracting(baseline.files)
        if !fresh.isEmpty { excess.append("files: \(fresh.sorted().joined(separator: ", "))") }
        return excess
    }
}
