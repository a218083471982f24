// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// WebSocket and gRPC through a policy to a pool.
@Suite(Requirement.haproxy.trait)
struct ProtocolTests {
    private static let webSocketNode = LoopbackScript { connection, _ in
        guard connection.readHead()?.lowercased().contains("upgrade: websocket") == true else { return }
        let fields = [
            "HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket",
            "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=",
        ]
        connection.send(fields.joined(separator: "\r\n") + "\r\n\r\n")
        connection.echo()
    }

    /// The tunnel is silent until the time-out has ended an idle connection of another client.
    @Test
    func aSilentWebSocketOutlivesTheTimeout() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await Self.webSocketNode.serve { server in
            try await withDevice { device in
                let rule = #"{"type": "HEADER", "compare_type": "EQUAL_TO", "key": "Upgrade", "value": "websocket"}"#
                try await device.driver.apply(
                    device.decode(
                        """
                        \(DeviceUnderTest.nodes(node.port)), "pools": [{"id": "ws", \(DeviceUnderTest.nodes(server.port))}],
                        "options": {"client_timeout": 500, "server_timeout": 500, "tunnel_timeout": 600000},
                        "l7policies": [{"action": "REDIRECT_TO_POOL", "redirect_pool_id": "ws", "rules": [\(rule)]}]
                        """
                    )
                )
                try await blocking { [port = device.httpPort] in
                    let socket = try LoopbackSocket.connected(to: port)
                    let fields = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                    let key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
                    socket.write(Array("GET /chat HTTP/1.1\r\nHost: h\r\n\(fields)\(key)\r\n".utf8))
                    #expect(String(decoding: socket.read() ?? [], as: UTF8.self).hasPrefix("HTTP/1.1 101 "))
                    for _ in 0..<2 {
                        let idle = try LoopbackSocket.connected(to: port)
                        idle.write(Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
                        while let bytes = idle.read(), !bytes.isEmpty {}
                    }
                    for text in ["ping", "pong"] {
                        socket.write(Array(text.utf8))
                        #expect(socket.read() == Array(text.utf8))
                    }
                    socket.shutDown()
                }
                #expect(node.requestCount == 2)
            }
        }
    }

    /// HTTP/2 from the client to the node, whose certificate is verified, with trailers.
    @Test(Requirement.openssl.trait, Requirement.python.trait)
    func gRPCReachesItsNodesOverTLS() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withTLSDevice { device, fixture in
            let identity = try await fixture.authority.issue("grpc", for: ["grpc.example.com"])
            let authorities = try TLSFixture.authorities(fixture.authority)
            try await HTTP2Node.run(in: fixture.folder, identity) { port in
                let rule = try L7Rule(
                    .header,
                    .startsWith,
                    key: HTTPToken("Content-Type"),
                    value: L7Value("application/grpc")
                )
                func apply(serverName: String) async throws {
                    let pool = try Pool(
                        id: Identifier("grpc"),
                        nodes: [.local("1", port)],
                        tls: PoolTLS(authorities: authorities, serverName: DomainName(serverName))
                    )
                    let policy = try L7Policy(position: 1, action: .redirectToPool(Identifier("grpc")), rules: [rule])
                    let loadBalancer = try await LoadBalancer(
                        protocol: .terminatedHTTPS,
                        address: IPAddress("127.0.0.1"),
                        port: Port(device.httpPort),
                        defaultPool: Pool(nodes: [.local("1", node.port)]),
                        pools: [pool],
                        routing: Routing(policies: [policy]),
                        tls: ListenerTLS(certificate: fixture.container("standard"))
                    )
                    try await device.driver.apply(LoadBalancerSet([loadBalancer]))
                }
                let message = fixture.folder.appending(path: "message")
                try Data([0, 0, 0, 0x9C, 0x40] + [UInt8](repeating: 0x78, count: 40_000)).write(to: message)
                let answer = fixture.folder.appending(path: "answer")
                func call(_ type: String) async throws -> String {
                    try await fixture.curl(
                        device,
                        host: "standard.example.com",
                        path: "/package.Service/Method",
                        [
                            "--http2", "-HContent-Type: \(type)", "-HTE: trailers", "--data-binary", "@\(message.path)",
                            "-D-", "-o\(answer.path)",
                        ]
                    )
                }
                try await apply(serverName: "grpc.example.com")
                for type in ["application/grpc", "application/grpc+proto"] {
                    let head = try await call(type).lowercased()
                    #expect(head.hasPrefix("http/2 200") && head.contains("x-node: http2"), "\(head)")
                    // After the header: a trailer.
                    let parts = head.split(separator: "\r\n\r\n")
                    #expect(parts.count == 2 && parts.last?.contains("grpc-status: 0") == true, "\(head)")
                    #expect(try Data(contentsOf: answer) == Data(contentsOf: message))
                }
                _ = try await fixture.curl(device, host: "standard.example.com", path: "/", ["--http2"])
                #expect(node.requestCount == 1)
                // The node's certificate has another name.
                try await apply(serverName: "other.example.com")
                #expect(try await call("application/grpc").hasPrefix("HTTP/2 503"))
            }
        }
    }
}
