// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// The time-outs of a message, for every kind of connection and each of its phases.
///
/// Defaults of 30 s and more would not end a connection within a test's time limit.
@Suite(Requirement.haproxy.trait)
struct TimeoutTests {
    /// Responds to one request, with a switch of the protocol if requested, and then sends nothing more.
    private static let quietNode = LoopbackScript { connection, _ in
        guard let head = connection.readHead() else { return }
        if head.lowercased().contains("upgrade: websocket") {
            connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        } else {
            connection.answer("200 OK", "hello")
        }
        connection.stall()
    }

    private static let upgrade = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    private static let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

    /// Sends a request, reads the response, and waits for the end of the connection.
    ///
    /// - Returns: Whether it has ended before the socket's own ten seconds.
    private func ends(_ port: Int, _ text: String) async throws -> Bool {
        try await blocking {
            let socket = try LoopbackSocket.connected(to: port)
            socket.write(Array(text.utf8))
            while let bytes = socket.read() { if bytes.isEmpty { return true } }
            return errno == ECONNRESET
        }
    }

    @Test(arguments: [ListenerProtocol.tcp, .galera], [true, false])
    func aSilentConnectionEnds(spoken: ListenerProtocol, isClients: Bool) async throws {
        try await Self.quietNode.serve { node in
            try await withDevice { device in
                let options =
                    isClients ? try ConnectionOptions(clientTimeout: 500) : try ConnectionOptions(serverTimeout: 500)
                let set = try LoadBalancerSet([device.tcp([.local("1", node.port)], as: spoken, options: options)])
                try await device.driver.apply(set)
                #expect(try await ends(device.tcpPort, Self.request))
            }
        }
    }

    @Test(arguments: [upgrade, "GET / HTTP/1.1\r\nHost:", request])
    func aSilentHTTPClientIsLeft(text: String) async throws {
        try await Self.quietNode.serve { node in
            try await withDevice { device in
                let options = try ConnectionOptions(clientTimeout: 500)
                try await device.driver.apply(
                    LoadBalancerSet([device.http([.local("1", node.port)], options: options)])
                )
                #expect(try await ends(device.httpPort, text))
            }
        }
    }

    @Test
    func aTimeOutOfZeroIsNoLimit() async throws {
        let echo = LoopbackScript { connection, _ in connection.echo() }
        try await echo.serve { node in
            try await withDevice { device in
                let options = try ConnectionOptions(clientTimeout: 0, serverTimeout: 0, connectTimeout: 0)
                let nodes = [try Node.local("1", node.port)]
                let http = try device.http([.local("2", node.port)], options: options)
                try await device.driver.apply(LoadBalancerSet([device.tcp(nodes, options: options), http]))
                let text = try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8)
                for line in ["client", "server", "connect", "queue", "http-request"] {
                    #expect(text.contains("timeout \(line) 0ms"))
                }
                let answers = try await blocking { [port = device.tcpPort] in
                    let socket = try LoopbackSocket.connected(to: port)
                    return (0..<2).map { _ in
                        Thread.sleep(forTimeInterval: 1)
                        socket.write(Array("again".utf8))
                        return socket.read()
                    }
                }
                #expect(answers == [Array("again".utf8), Array("again".utf8)])
            }
        }
    }
}
