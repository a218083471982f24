// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Removed servers, in maintenance until HAProxy can delete them.
///
/// Before 2.9-dev6, HAProxy crashes if a server is deleted while a client waits to retry it: HAProxy does not count a
/// connection for that client. A server in maintenance gets no new client; after the margin, and once no session points
/// at it, no such client is left.
struct RetiredServers {
    private struct Entry {
        /// The server's parameters; nil if an earlier agent or another program retired it.
        let server: ProxyServer?
        let since: ContinuousClock.Instant
    }

    private var entries: [ServerName: Entry] = [:]
    /// HAProxy waits one second before it retries a server.
    private static let margin = Duration.seconds(3)

    /// The servers that this agent has retired.
    var servers: [ServerName: ProxyServer] { entries.compactMapValues(\.server) }

    /// Adds a server that was just put into maintenance.
    mutating func retire(_ name: ServerName, _ server: ProxyServer?) {
        entries[name] = Entry(server: server, since: .now)
    }

    /// Removes a server that is wanted again or was deleted.
    mutating func forget(_ name: ServerName) { entries[name] = nil }

    /// Removes all servers: a new worker does not have them.
    mutating func forgetAll() { entries = [:] }

    /// Returns the servers that can be deleted now.
    ///
    /// - Parameter retired: All servers that HAProxy has in maintenance and the configuration does not contain.
    mutating func due(of retired: [ServerName]) -> [ServerName] {
        for name in retired where entries[name] == nil { retire(name, nil) }
        let latest = ContinuousClock.now - Self.margin
        return retired.filter { name in entries[name].map { $0.since <= latest } ?? false }
    }
}
