// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

extension LoadBalancerDriverContract.Device {
    /// Runs a test with two free ports of 127.0.0.1, and a third one on which an HTTP server answers each request with 200.
    ///
    /// No two calls of one process get the same ports, so that tests can run in parallel.
    ///
    /// - Throws: ``ContractViolation`` if the system gives no port, and what the test throws.
    public static func withFreePorts<Success>(
        _ body: (LoadBalancerDriverContract.Device) async throws -> Success
    ) async throws -> Success {
        let server = try AnsweringServer()
        defer { server.stop() }
        return try await body(
            LoadBalancerDriverContract.Device(
                httpPort: try FreePorts.next(),
                tcpPort: try FreePorts.next(),
                nodePort: server.port
            )
        )
    }
}

/// Ports that nothing listens on, each given once in this process.
private enum FreePorts {
    private static let given = Mutex<Set<Int>>([])

    static func next() throws(ContractViolation) -> Int {
        for _ in 0..<1000 {
            // Below the ports that the kernel gives to outgoing connections.
            let port = Int.random(in: 12_000..<32_000)
            // A process that another thread starts at this moment has a copy of the socket until it runs its program.
            guard given.withLock({ $0.insert(port).inserted }),
                let socket = try? ListeningSocket(port: port, isListening: false)
            else { continue }
            socket.close()
            return port
        }
        throw ContractViolation("no free port was found between 12000 and 31999")
    }
}
