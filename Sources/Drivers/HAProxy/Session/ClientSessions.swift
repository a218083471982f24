// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The client sessions of a worker: the answer to `show sess`.
///
/// Idle kept-alive connections are not included.
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

    /// The servers that sessions point at, including sessions that wait for a retry: `BACKEND/SERVER`.
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
