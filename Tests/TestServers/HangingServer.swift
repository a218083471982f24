// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A server of 127.0.0.1 that accepts connections and never answers.
package final class HangingServer: Sendable {
    private let listener: LoopbackSocket
    private let connections = Mutex<[LoopbackSocket]>([])
    /// The port it listens on.
    package let port: Int

    /// Starts a server.
    package init() throws {
        let listener = try LoopbackSocket.listening(on: 0)
        self.listener = listener
        port = listener.port
        Thread.detachNewThread { [self] in
            while let connection = listener.accepted() { connections.withLock { $0.append(connection) } }
        }
    }

    /// The number of accepted connections.
    package var connectionCount: Int { connections.withLock { $0.count } }

    /// Stops the server and closes its connections.
    package func stop() {
        listener.shutDown()
        for connection in connections.withLock({ $0 }) { connection.shutDown() }
    }
}
