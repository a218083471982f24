// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Bytes that HAProxy or a lost file could keep out of the reports.
@Suite(Requirement.haproxy.trait)
struct CountingTests {
    @Test
    func openConnectionsAreMetered() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.tcp([.local("1", node.port)])]))
            let client = try await HTTPClient(port: device.tcpPort)
            let received = UInt64(try await client.get("/bytes/5000").byteCount)
            // HAProxy adds a connection's sent bytes to its counters every five seconds.
            try await eventually("its bytes are reported while it is open") {
                try await device.driver.usage().entries.map(\.bytesOut) == [received]
            }
            client.close()
        }
    }

    @Test
    func unaskedHTTP2IsNotSpoken() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
            let port = device.httpPort
            let answer = try await blocking {
                let socket = try LoopbackSocket.connected(to: port)
                // The preface, and an empty SETTINGS frame.
                socket.write(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0])
                return socket.read() ?? []
            }
            #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 400"))
        }
    }

    @Test(arguments: [nil, "{\n\"format\":1"], [false, true])
    func aLostLedgerIsBegunAnew(content: String?, isUpdated: Bool) async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let set = try LoadBalancerSet([device.http([.local("1", node.port)])])
            try await device.driver.apply(set)
            try FileManager.default.removeItem(atPath: device.file("usage.json"))
            try content?.write(toFile: device.file("usage.json"), atomically: true, encoding: .utf8)
            let next = try device.restarted()
            if isUpdated { try await next.apply(set) }
            try await supervised(next) {
                try await eventually("the served protocols are reported") {
                    try await next.usage().entries.map(\.proxyKind) == [.http]
                }
                let before = try #require(try await next.usage().entries.first?.bytesOut)
                let received = UInt64(try await HTTPClient(port: device.httpPort).get("/bytes/3000").byteCount)
                #expect(try await next.usage().entries.map(\.bytesOut) == [before + received])
            }
            #expect(FileManager.default.fileExists(atPath: device.file("usage.json")))
        }
    }
}
