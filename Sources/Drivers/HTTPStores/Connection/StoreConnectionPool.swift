// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Keeps a few idle connections for the next object of the same endpoint, each for at most a minute.
package final class StoreConnectionPool: Sendable {
    private struct Idle {
        let endpoint: StorageEndpoint
        let connection: StoreConnection
        let since: ContinuousClock.Instant
    }

    /// The longest time that a connection stays idle.
    static let longestIdleTime = Duration.seconds(60)
    private static let greatestCount = 4

    private let configuration: HTTPStoreConfiguration
    /// Oldest first.
    private let idle = Mutex<[Idle]>([])

    /// Creates an empty pool.
    package init(_ configuration: HTTPStoreConfiguration) { self.configuration = configuration }

    /// Returns the most recently used connection, or a new one.
    func take(for endpoint: StorageEndpoint) throws(ObjectStoreError) -> StoreConnection {
        let kept = idle.withLock { idle in
            idle.lastIndex { $0.endpoint == endpoint }.map { idle.remove(at: $0).connection }
        }
        if let kept { return kept }
        return try StoreConnection(configuration)
    }

    /// Returns a connection to the pool.
    func give(back connection: StoreConnection, for endpoint: StorageEndpoint) {
        let now = ContinuousClock.now
        // Closed outside the lock: with TLS, closing sends data.
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
