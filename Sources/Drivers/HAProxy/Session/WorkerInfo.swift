// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a worker says of itself when it is asked `show info`.
struct WorkerInfo: Hashable, Sendable {
    /// The worker's number; nil where it does not say.
    let processID: Int32?
    /// How much keeps it from ending once it takes no more connections; nil where it does not say.
    ///
    /// These are its connections: clients without a request, and whoever gives it commands, are among them.
    let jobs: Int?

    init(_ answer: String) {
        func value(_ name: String) -> Int32? {
            let line = answer.split(separator: "\n").first { $0.hasPrefix("\(name): ") }
            return line.flatMap { Int32($0.dropFirst(name.utf8.count + 2)) }
        }
        processID = value("Pid")
        // The link to the master is one that it does not wait for.
        jobs = value("Jobs").map { Int($0) - Int(value("Unstoppable Jobs") ?? 0) }
    }
}
