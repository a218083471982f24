// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

extension LoadBalancerDriverContract.Device {
    /// Runs a test with two free ports of 127.0.0.1, and a third one with an HTTP server that returns 200.
    ///
    /// No two calls in one process get the same ports, so tests can run in parallel.
    ///
    /// - Throws: ``ContractViolation`` if no port is free, and errors of the test.
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

/// Unused ports, each assigned once per process.
private enum FreePorts {
    private static let given = Mutex<Set<Int>>([])

    static func next() throws(ContractViolation) -> Int {
        for _ in 0..<1000 {
            // Below the kernel's range for outgoing connections.
            let port = Int.random(in: 12_000..<32_000)
            // A process that another thread is starting holds a copy of the socket until execve.
            guard given.withLock({ $0.insert(port).inserted }),
                let socket = try? ListeningSocket(port: port, isListening: false)
            else { continue }
            socket.close()
            return port
        }
        throw ContractViolation("no free port between 12000 and 31999")
    }
}
