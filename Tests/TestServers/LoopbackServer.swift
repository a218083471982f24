// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A server on 127.0.0.1 that handles each connection with a test's script, mostly to misbehave.
package final class LoopbackServer: Sendable {
    /// The handler of one connection, called on its own thread; the connection is closed after it returns.
    ///
    /// The second argument is the connection's number, from 0.
    package typealias Handler = @Sendable (LoopbackConnection, Int) -> Void

    /// The port that it listens on.
    package let port: Int
    private let listener: Int32
    private let accepted = Atomic(0)

    /// The number of accepted connections.
    package var connectionCount: Int { accepted.load(ordering: .sequentiallyConsistent) }

    /// Starts to listen.
    package init(_ handler: @escaping Handler) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, size) == 0 ? getsockname(listener, pointer, &size) : -1
            }
        }
        guard result == 0, listen(listener, 64) == 0 else { throw ServerFailure("cannot listen: errno \(errno)") }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                // Otherwise a program that a test starts would keep the connection open.
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                let number = accepted.add(1, ordering: .sequentiallyConsistent).oldValue
                Thread.detachNewThread {
                    let connection = LoopbackConnection(descriptor)
                    handler(connection, number)
                    connection.close()
                }
            }
            // Closed only here: otherwise another server could reuse its number while this thread accepts from it.
            close(listener)
        }
    }

    /// Stops accepting connections.
    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }
}

/// The script of a ``LoopbackServer`` for its connections.
package struct LoopbackScript: Sendable {
    private let handler: LoopbackServer.Handler

    package init(_ handler: @escaping LoopbackServer.Handler) { self.handler = handler }

    /// Starts a server with this script, passes it to a closure, and stops it in any case.
    package func serve<Success>(_ body: (LoopbackServer) async throws -> Success) async throws -> Success {
        let server = try LoopbackServer(handler)
        defer { server.stop() }
        return try await body(server)
    }
}
