// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// The state of the connection to one job server, for readers on any thread.
final class ConnectionState: Sendable {
    /// The state at one moment.
    struct Snapshot: Hashable, Sendable {
        /// The job server.
        let server: GearmanServer
        /// Since when the agent takes jobs from it; nil if it takes none.
        fileprivate(set) var connectedSince: UTCTimestamp?
        /// Since when the agent takes none; nil if it takes jobs.
        fileprivate(set) var disconnectedSince: UTCTimestamp? = .now
        /// How often the agent has registered again after a connection was lost.
        fileprivate(set) var reconnectCount = 0
        /// Why the last connection, or attempt, has failed; nil if none has.
        fileprivate(set) var lastError: String?
        /// When that was.
        fileprivate(set) var lastErrorTime: UTCTimestamp?
        fileprivate var wasConnected = false

        /// Whether the agent takes jobs from the server.
        var isConnected: Bool { connectedSince != nil }
    }

    private let state: Mutex<Snapshot>

    init(server: GearmanServer) { state = Mutex(Snapshot(server: server)) }

    /// The state now.
    var snapshot: Snapshot { state.withLock { $0 } }

    /// The server has taken the function.
    func noteConnected() {
        state.withLock { state in
            if state.wasConnected { state.reconnectCount += 1 }
            state.wasConnected = true
            state.connectedSince = .now
            state.disconnectedSince = nil
        }
    }

    /// The connection, or an attempt to make one, has failed.
    func noteLost(_ reason: String) {
        state.withLock { state in
            state.connectedSince = nil
            if state.disconnectedSince == nil { state.disconnectedSince = .now }
            state.lastError = reason
            state.lastErrorTime = .now
        }
    }
}
