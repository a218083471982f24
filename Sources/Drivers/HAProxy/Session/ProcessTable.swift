// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The master's answer to `show proc`: its processes.
struct ProcessTable: Hashable, Sendable {
    /// The master.
    let master: Int32
    /// The number of the master's reloads.
    let reloads: Int
    /// The number of failed reloads since the last successful one.
    let failedReloads: Int
    /// The worker that accepts new connections; nil while there is none.
    let worker: Int32?
    /// The workers that only finish their connections.
    let oldWorkers: [Int32]

    /// Parses the answer.
    ///
    /// - Returns: nil for any other text.
    init?(_ answer: String) {
        var master: (pid: Int32, reloads: Int, failed: Int)?
        var current: [Int32] = []
        var old: [Int32] = []
        var isOld = false
        for line in answer.split(separator: "\n") {
            if line.hasPrefix("#") {
                isOld = line.hasPrefix("# old")
                continue
            }
            let columns = line.split(separator: " ", omittingEmptySubsequences: true)
            guard columns.count >= 3, let pid = Int32(columns[0]), let reloads = Int(columns[2]) else { continue }
            switch columns[1] {
            case "master": master = (pid, reloads, Self.failures(columns))
            case "worker" where isOld: old.append(pid)
            case "worker": current.append(pid)
            default: break
            }
        }
        guard let master else { return nil }
        self.master = master.pid
        reloads = master.reloads
        failedReloads = master.failed
        worker = current.last
        oldWorkers = old + current.dropLast()
    }

    /// The `N` of `[failed: N]`.
    private static func failures(_ columns: [Substring]) -> Int {
        guard let place = columns.firstIndex(of: "[failed:"), place + 1 < columns.count else { return 0 }
        return Int(columns[place + 1].prefix { $0 != "]" }) ?? 0
    }
}
