// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A worker's answer to `show info`.
struct WorkerInfo: Hashable, Sendable {
    /// The worker's process ID; nil if the answer does not contain it.
    let processID: Int32?
    /// The number of jobs that keep an old worker from ending; nil if the answer does not contain it.
    ///
    /// It includes idle clients and connections for commands.
    let jobs: Int?
    /// For example `2.6.12-1+deb12u4`.
    let version: String?
    /// The worker's uptime in seconds.
    let uptime: Int64?

    init(_ answer: some StringProtocol) {
        func text(_ name: String) -> Substring? {
            let line = answer.split(separator: "\n").first { $0.hasPrefix("\(name): ") }
            return line.map { Substring($0.dropFirst(name.utf8.count + 2)) }
        }
        func value(_ name: String) -> Int32? { text(name).flatMap { Int32($0) } }
        processID = value("Pid")
        // The worker does not wait for the job that is its link to the master.
        jobs = value("Jobs").map { Int($0) - Int(value("Unstoppable Jobs") ?? 0) }
        let characters = text("Version")?.unicodeScalars.prefix(60).map {
            0x21...0x7E ~= $0.value ? Character($0) : "?"
        }
        version = characters.map { String($0) }
        uptime = value("Uptime_sec").map(Int64.init)
    }
}
