// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A worker's sessions with clients: the answer to `show sess`.
///
/// Kept-alive connections without a request are not among them.
struct ClientSessions: Hashable, Sendable {
    private let lines: [Substring]

    init(_ answer: String) { lines = answer.split(separator: "\n") }

    /// The sessions' names.
    var names: [Substring] {
        lines.compactMap { line in
            let columns = line.split(separator: " ", maxSplits: 6)
            guard columns.contains("fe=http-in") || columns.contains("fe=tcp-in") else { return nil }
            return columns.first?.prefix { $0 != ":" }
        }
    }

    /// The servers that a session points at, also one that waits to try its server again: `BACKEND/SERVER`.
    var servers: Set<String> {
        Set(
            lines.compactMap { line in
                let columns = line.split(separator: " ")
                func value(_ name: String) -> Substring? {
                    columns.first { $0.hasPrefix(name) }?.dropFirst(name.utf8.count)
                }
                guard let backend = value("be="), let server = value("srv=") else { return nil }
                return "\(backend)/\(server)"
            }
        )
    }
}
