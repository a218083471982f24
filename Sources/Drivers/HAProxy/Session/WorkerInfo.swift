// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A worker's answer to `show info`.
struct WorkerInfo: Hashable, Sendable {
    /// The worker's number; nil where the answer does not have it.
    let processID: Int32?
    /// How many jobs keep the worker from ending once it takes no more connections; nil where the answer does not have it.
    ///
    /// Clients without a request, and connections that give commands, are among them.
    let jobs: Int?
    /// Such as `2.6.12-1+deb12u4`.
    let version: String?
    /// For how many seconds the worker has run.
    let uptime: Int64?

    init(_ answer: some StringProtocol) {
        func text(_ name: String) -> Substring? {
            let line = answer.split(separator: "\n").first { $0.hasPrefix("\(name): ") }
            return line.map { Substring($0.dropFirst(name.utf8.count + 2)) }
        }
        func value(_ name: String) -> Int32? { text(name).flatMap { Int32($0) } }
        processID = value("Pid")
        // The link to the master is a job that the worker does not wait for.
        jobs = value("Jobs").map { Int($0) - Int(value("Unstoppable Jobs") ?? 0) }
        let characters = text("Version")?.unicodeScalars.prefix(60).map {
            0x21...0x7E ~= $0.value ? Character($0) : "?"
        }
        version = characters.map { String($0) }
        uptime = value("Uptime_sec").map(Int64.init)
    }
}
