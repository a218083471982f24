// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardTestSupport
import TestServers
import Testing

@testable import HAProxyDriver

extension DeviceUnderTest {
    /// A load balancer with an id.
    func named(
        _ id: String,
        _ spoken: ListenerProtocol = .http,
        port: Int,
        _ nodes: [Node],
        monitor: HealthMonitor = .standard,
        options: ConnectionOptions = .standard,
        tls: ListenerTLS? = nil
    ) throws -> LoadBalancer {
        try LoadBalancer(
            id: Identifier(id),
            protocol: spoken,
            address: IPAddress("127.0.0.1"),
            port: Port(port),
            monitor: monitor,
            options: options,
            nodes: nodes,
            tls: tls
        )
    }

    /// Checks that haproxy.cfg is what HAProxy runs.
    func expectRuns(_ set: LoadBalancerSet) async throws {
        let rendered = HAProxyRenderer(configuration).render(set, isSuspended: false)
        #expect(try String(contentsOfFile: file("haproxy.cfg"), encoding: .utf8) == rendered.text)
        let running = RunningState(configuration: rendered, servers: try await servers())
        #expect(ChangePlan(from: running, to: rendered) == .nothing)
    }

    /// The lines of the log that an ARCHIVE stores for each load balancer, read in one pass.
    func archived(
        _ keys: [LoadBalancerKey],
        by driver: HAProxyDriver? = nil
    ) async throws -> [LoadBalancerKey: String] {
        let log = try await (driver ?? self.driver).openLog()
        let blocks = try log.lines(of: keys.map { LogPart($0.proxyKind, of: $0.id) })
        return Dictionary(zip(keys, blocks.map { String(decoding: $0.bytes, as: UTF8.self) })) { $1 }
    }
}

extension LoadBalancerKey {
    static func http(_ id: String) throws -> LoadBalancerKey { LoadBalancerKey(.http, id: try Identifier(id)) }
    static func tcp(_ id: String) throws -> LoadBalancerKey { LoadBalancerKey(.tcp, id: try Identifier(id)) }
}

extension UsageReport {
    /// The bytes of each load balancer that has sent some.
    var bytesByKey: [LoadBalancerKey: UInt64] {
        Dictionary(entries.filter { $0.bytesOut > 0 }.map { ($0.key, $0.bytesOut) }) { $0 + $1 }
    }
}

/// The bytes that clients of each load balancer have received.
actor Received {
    private(set) var bytes: [LoadBalancerKey: UInt64] = [:]

    /// Sends a request on a new connection.
    @discardableResult
    func get(_ path: String, _ key: LoadBalancerKey, _ port: Int) async throws -> String {
        let client = try await HTTPClient(port: port)
        let answer = try await client.get(path)
        client.close()
        bytes[key, default: 0] += UInt64(answer.byteCount)
        return answer.text
    }

    func add(_ count: UInt64, _ key: LoadBalancerKey) { bytes[key, default: 0] += count }

    func reset() { bytes = [:] }
}

/// Waits until a driver reports the bytes that the clients of each load balancer have received.
func expectExact(
    _ driver: HAProxyDriver,
    _ received: Received,
    within seconds: Double = 60
) async throws {
    let expected = await received.bytes
    do {
        try await eventually("all bytes are metered", within: seconds) {
            try await driver.usage().bytesByKey == expected
        }
    } catch { throw ServerFailure("reported \(try await driver.usage().bytesByKey), received \(expected)") }
}
