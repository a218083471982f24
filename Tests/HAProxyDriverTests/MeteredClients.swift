// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import Synchronization
import TestServers

@testable import HAProxyDriver

/// Clients that count every received byte, including those of incomplete responses.
final class MeteredClients: Sendable {
    private let bytes = Mutex<[ProxyKind: UInt64]>([:])
    private let isStopped = Atomic(false)
    private let answers = Atomic(0)

    /// The bytes received so far.
    var received: [ProxyKind: UInt64] { bytes.withLock { $0 } }
    /// The number of complete responses.
    var answered: Int { answers.load(ordering: .relaxed) }

    /// Ends the repeating clients after their current response.
    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Repeats requests until ``stop()``: on one connection as long as it lasts, or each on a new one.
    func goOn(_ proxyKind: ProxyKind, _ port: Int, _ path: String, keepsAlive: Bool) async throws {
        try await blocking { [self] in
            while !isStopped.load(ordering: .relaxed) {
                let socket = try LoopbackSocket.connected(to: port)
                while exchange(proxyKind, socket, path), keepsAlive, !isStopped.load(ordering: .relaxed) {}
                // The back end keeps its side of every connection open.
                usleep(10_000)
            }
        }
    }

    /// Sends one request on a new connection.
    ///
    /// - Returns: Whether the response was complete.
    func ask(_ proxyKind: ProxyKind, _ port: Int, _ path: String) async throws -> Bool {
        try await blocking { [self] in exchange(proxyKind, try LoopbackSocket.connected(to: port), path) }
    }

    /// Sends one request on a connection that stays open until it is released.
    func open(_ proxyKind: ProxyKind, _ port: Int, _ path: String) async throws -> LoopbackSocket {
        try await blocking { [self] in
            let socket = try LoopbackSocket.connected(to: port)
            guard exchange(proxyKind, socket, path) else { throw ServerFailure("the response was incomplete") }
            return socket
        }
    }

    private func exchange(_ proxyKind: ProxyKind, _ socket: LoopbackSocket, _ path: String) -> Bool {
        guard socket.write(Array("GET \(path) HTTP/1.1\r\nHost: test\r\n\r\n".utf8)) else { return false }
        var answer: [UInt8] = []
        while let more = socket.read(), !more.isEmpty {
            bytes.withLock { $0[proxyKind, default: 0] += UInt64(more.count) }
            answer += more
            guard let head = answer.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
            let lines = String(decoding: answer[..<head.lowerBound], as: UTF8.self).split(separator: "\r\n")
            let field = lines.first { $0.lowercased().hasPrefix("content-length: ") }
            guard answer.count >= head.upperBound + (field.flatMap { Int($0.dropFirst(16)) } ?? 0) else { continue }
            answers.add(1, ordering: .relaxed)
            return true
        }
        return false
    }
}

extension DeviceUnderTest {
    /// HTTP and TCP to one node, in variants whose changes require a reload.
    func variant(_ number: Int, _ nodePort: Int) throws -> LoadBalancerSet {
        let options = try ConnectionOptions(clientTimeout: 20_000 + number)
        let nodes = [try Node.local("1", nodePort)]
        return try LoadBalancerSet([http(nodes, options: options), tcp(nodes, options: options)])
    }
}

/// Waits until the bytes that a driver reports equal the bytes that clients received.
func expectExact(_ driver: HAProxyDriver, _ clients: MeteredClients, within seconds: Double = 60) async throws {
    func reported() async throws -> [ProxyKind: UInt64] {
        let report = try await driver.usage()
        return Dictionary(report.entries.filter { $0.bytesOut > 0 }.map { ($0.proxyKind, $0.bytesOut) }) { $1 }
    }
    do {
        try await eventually("all bytes are metered", within: seconds) { try await reported() == clients.received }
    } catch {
        throw ServerFailure("reported \(try await reported()), received \(clients.received)")
    }
}
