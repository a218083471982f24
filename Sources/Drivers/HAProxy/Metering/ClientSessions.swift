// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The sessions that a worker has with clients, as it names them when it is asked `show sess`.
///
/// Kept-alive connections without a request are not among them.
struct ClientSessions: Hashable, Sendable {
    let names: [Substring]

    init(_ answer: String) {
        names = answer.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 6)
            guard words.contains("fe=http-in") || words.contains("fe=tcp-in") else { return nil }
            return words.first?.prefix { $0 != ":" }
        }
    }
}
