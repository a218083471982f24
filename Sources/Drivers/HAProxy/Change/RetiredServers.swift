// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Servers that no message names any more, in maintenance until HAProxy can delete them.
///
/// Before 2.9-dev6, HAProxy crashes where a server is deleted while a client waits to try it again: the client has no
/// connection that HAProxy counts. In maintenance a server gets no new client; after the margin, and when no session
/// names it, none can be left.
struct RetiredServers {
    private struct Entry {
        /// The server as it was; nil where an earlier agent, or another program, retired it.
        let server: ProxyServer?
        let since: ContinuousClock.Instant
    }

    private var entries: [ServerName: Entry] = [:]
    /// HAProxy waits a second before it tries a server again.
    private static let margin = Duration.seconds(3)

    /// The servers that this agent has retired, as they were.
    var servers: [ServerName: ProxyServer] { entries.compactMapValues(\.server) }

    /// Takes a server that was just put into maintenance.
    mutating func retire(_ name: ServerName, _ server: ProxyServer?) {
        entries[name] = Entry(server: server, since: .now)
    }

    /// Forgets a server that is wanted again, or was deleted.
    mutating func forget(_ name: ServerName) { entries[name] = nil }

    /// Forgets all: a new worker does not have them.
    mutating func forgetAll() { entries = [:] }

    /// The servers that can be deleted now, of those in maintenance that are not wanted.
    ///
    /// - Parameter retired: What HAProxy has in maintenance, and no message names.
    mutating func due(of retired: [ServerName]) -> [ServerName] {
        for name in retired where entries[name] == nil { retire(name, nil) }
        let latest = ContinuousClock.now - Self.margin
        return retired.filter { name in entries[name].map { $0.since <= latest } ?? false }
    }
}
