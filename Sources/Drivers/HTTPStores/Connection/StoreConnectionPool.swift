// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Keeps a few connections for the next object of the same endpoint, none for longer than a minute.
package final class StoreConnectionPool: Sendable {
    private struct Idle {
        let endpoint: StorageEndpoint
        let connection: StoreConnection
        let since: ContinuousClock.Instant
    }

    /// How long a connection is kept without use.
    static let longestIdleTime = Duration.seconds(60)
    private static let greatestCount = 4

    private let configuration: HTTPStoreConfiguration
    /// In the order in which they were given back.
    private let idle = Mutex<[Idle]>([])

    /// Creates a pool without a connection.
    package init(_ configuration: HTTPStoreConfiguration) { self.configuration = configuration }

    /// Takes the connection that was used last, or makes one.
    func take(for endpoint: StorageEndpoint) throws(ObjectStoreError) -> StoreConnection {
        let kept = idle.withLock { idle in
            idle.lastIndex { $0.endpoint == endpoint }.map { idle.remove(at: $0).connection }
        }
        if let kept { return kept }
        return try StoreConnection(configuration)
    }

    /// Takes a connection back.
    func give(back connection: StoreConnection, for endpoint: StorageEndpoint) {
        let now = ContinuousClock.now
        // Closed outside the lock: with TLS that sends something.
        let surplus = idle.withLock { idle in
            idle.append(Idle(endpoint: endpoint, connection: connection, since: now))
            return idle.count > Self.greatestCount ? idle.removeFirst() : nil
        }
        _ = surplus
        Task { [weak self] in
            try? await Task.sleep(for: Self.longestIdleTime)
            self?.close(idleSince: now)
        }
    }

    private func close(idleSince time: ContinuousClock.Instant) {
        let old = idle.withLock { idle in
            let end = idle.firstIndex { $0.since > time } ?? idle.endIndex
            defer { idle.removeFirst(end) }
            return Array(idle[..<end])
        }
        _ = old
    }
}
