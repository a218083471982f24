// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import Synchronization
import TestServers

@testable import HAProxyDriver

/// Clients that count every byte they are sent, those of answers that were broken off too.
final class MeteredClients: Sendable {
    private let bytes = Mutex<[MeteredProtocol: UInt64]>([:])
    private let isStopped = Atomic(false)
    private let answers = Atomic(0)

    /// What was received so far.
    var received: [MeteredProtocol: UInt64] { bytes.withLock { $0 } }
    /// How many answers were received whole.
    var answered: Int { answers.load(ordering: .relaxed) }

    /// Has the clients that go on end with the answer that they wait for.
    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Asks again and again until ``stop()``: on one connection for as long as it lasts, or each time on a new one.
    func goOn(_ metered: MeteredProtocol, _ port: Int, _ path: String, keepsAlive: Bool) async throws {
        try await blocking { [self] in
            while !isStopped.load(ordering: .relaxed) {
                let socket = try LoopbackSocket.connected(to: port)
                while exchange(metered, socket, path), keepsAlive, !isStopped.load(ordering: .relaxed) {}
                // The back end keeps its end of every connection.
                usleep(10_000)
            }
        }
    }

    /// Asks once on a connection of its own.
    ///
    /// - Returns: Whether the answer came whole.
    func ask(_ metered: MeteredProtocol, _ port: Int, _ path: String) async throws -> Bool {
        try await blocking { [self] in exchange(metered, try LoopbackSocket.connected(to: port), path) }
    }

    /// Asks once on a connection that stays open until it is released.
    func open(_ metered: MeteredProtocol, _ port: Int, _ path: String) async throws -> LoopbackSocket {
        try await blocking { [self] in
            let socket = try LoopbackSocket.connected(to: port)
            guard exchange(metered, socket, path) else { throw ServerFailure("the answer was broken off") }
            return socket
        }
    }

    private func exchange(_ metered: MeteredProtocol, _ socket: LoopbackSocket, _ path: String) -> Bool {
        guard socket.write(Array("GET \(path) HTTP/1.1\r\nHost: test\r\n\r\n".utf8)) else { return false }
        var answer: [UInt8] = []
        while let more = socket.read(), !more.isEmpty {
            bytes.withLock { $0[metered, default: 0] += UInt64(more.count) }
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
    /// HTTP and TCP to one node, in as many variants as are asked for: each asks for a reload.
    func variant(_ number: Int, _ nodePort: Int) throws -> LoadBalancerSet {
        let options = try ConnectionOptions(clientTimeout: 20_000 + number)
        let nodes = [try Node.local("1", nodePort)]
        return try LoadBalancerSet([http(nodes, options: options), tcp(nodes, options: options)])
    }
}

/// Waits until what a driver reports is what clients have received.
func expectExact(_ driver: HAProxyDriver, _ clients: MeteredClients, within seconds: Double = 60) async throws {
    func reported() async throws -> [MeteredProtocol: UInt64] {
        let report = try await driver.usage()
        return Dictionary(report.entries.filter { $0.bytesOut > 0 }.map { ($0.metered, $0.bytesOut) }) { $1 }
    }
    do {
        try await eventually("all bytes are metered", within: seconds) { try await reported() == clients.received }
    } catch {
        throw ServerFailure("reported \(try await reported()), received \(clients.received)")
    }
}
