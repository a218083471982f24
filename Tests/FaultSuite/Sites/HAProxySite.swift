// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers

/// The agent's HAProxy; its processes are identified by their configuration file.
actor HAProxySite {
    /// The current processes.
    struct Processes: Sendable {
        let masters: [Int32]
        let workers: [Int32]
    }

    private let configuration: String
    private let chronicle: Chronicle
    /// When an HAProxy process was ended together with its counters.
    private(set) var kills: [Double] = []
    /// The periods in which a process was stopped, so that its counters could not be read.
    private(set) var absences: [(from: Double, to: Double)] = []

    init(stateFolder: URL, chronicle: Chronicle) {
        configuration = stateFolder.appending(path: "haproxy.cfg").path
        self.chronicle = chronicle
    }

    nonisolated func processes() -> Processes {
        let all = ProcessFacts.all().filter { $0.arguments.contains(configuration) && $0.state != "Z" }
        let pids = Set(all.map(\.pid))
        // `haproxy -c`, which checks a file, is neither.
        let serving = all.filter { !$0.arguments.contains("-c") }
        return Processes(
            masters: serving.filter { !pids.contains($0.parent) }.map(\.pid),
            workers: serving.filter { pids.contains($0.parent) }.sorted { $0.startTime > $1.startTime }.map(\.pid)
        )
    }

    /// Ends a process by a signal.
    func kill(master: Bool, signal: Int32) async throws {
        let name = "\(master ? "master" : "worker") \(signal == SIGKILL ? "killed" : "terminated")"
        let number = chronicle.begin(.haproxy, name)
        let found = processes()
        kills.append(chronicle.clock.now)
        for pid in master ? found.masters : Array(found.workers.prefix(1)) { Glibc.kill(pid, signal) }
        chronicle.end(number)
    }

    /// Stops a process for some seconds.
    func freeze(master: Bool, seconds: Double) async throws {
        let number = chronicle.begin(.haproxy, "\(master ? "master" : "worker") stopped, \(rounded: seconds) s")
        let found = processes()
        let pids = master ? found.masters : Array(found.workers.prefix(1))
        let begun = chronicle.clock.now
        for pid in pids { Glibc.kill(pid, SIGSTOP) }
        try await Task.sleep(for: .seconds(seconds))
        for pid in pids { Glibc.kill(pid, SIGCONT) }
        absences.append((begun, chronicle.clock.now))
        chronicle.end(number)
    }

    /// Ends all remaining processes.
    nonisolated func removeAll() {
        let found = processes()
        for pid in found.masters + found.workers { Glibc.kill(pid, SIGKILL) }
    }
}
