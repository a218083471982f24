// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A proxy on loopback between a worker and its job server that injects faults: it delays, stalls, cuts, half-closes,
/// drops and damages.
///
/// Only headers of packets to the worker are damaged, never a payload: a changed payload would be a different job, with
/// a valid reply of its own.
package final class ChaosProxy: Sendable {
    private struct State {
        var link = ChaosLink.normal
        var connections: [ObjectIdentifier: ChaosConnection] = [:]
        var damaged: Set<String> = []
    }

    /// The port that it listens on.
    package let port: Int
    private let target: Int
    private let listener: LoopbackSocket
    private let state = Mutex(State())

    /// Starts to listen.
    ///
    /// - Parameter target: The job server's port.
    package init(to target: Int) throws {
        listener = try LoopbackSocket.listening()
        port = listener.port
        self.target = target
        Thread.detachNewThread { [self] in
            while let accepted = listener.accepted() { carry(accepted) }
        }
    }

    /// Sets how bytes are relayed from now on, on all connections.
    package func set(_ link: ChaosLink) {
        let connections = state.withLock { state in
            state.link = link
            return Array(state.connections.values)
        }
        for connection in connections { connection.set(link) }
    }

    /// Applies a fault to all current connections.
    ///
    /// - Returns: The number of connections.
    @discardableResult
    package func strike(_ fault: ChaosFault) -> Int {
        let connections = state.withLock { Array($0.connections.values) }
        for connection in connections { connection.strike(fault) }
        return connections.count
    }

    /// The number of connections.
    package var connectionCount: Int { state.withLock { $0.connections.count } }

    /// Whether the job was assigned by a damaged packet, or after one on the same connection.
    package func hasDamaged(_ handle: String) -> Bool { state.withLock { $0.damaged.contains(handle) } }

    /// Closes all connections and accepts no more.
    package func stop() {
        listener.shutDown()
        for connection in state.withLock({ Array($0.connections.values) }) { connection.stop() }
    }

    private func carry(_ accepted: LoopbackSocket) {
        let connection: ChaosConnection? = state.withLock { state in
            guard state.link != .refusing else { return nil }
            let connection = try? ChaosConnection(worker: accepted, port: target, link: state.link) { [self] handle in
                self.state.withLock { _ = $0.damaged.insert(handle) }
            }
            if let connection { state.connections[ObjectIdentifier(connection)] = connection }
            return connection
        }
        guard let connection else { return accepted.resetAtClose() }
        Thread.detachNewThread { [self] in
            connection.run()
            state.withLock { $0.connections[ObjectIdentifier(connection)] = nil }
        }
    }
}
