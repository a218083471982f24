// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Checks against real nodes.
@Suite(Requirement.haproxy.trait, Requirement.openssl.trait)
struct MonitorTests {
    private func monitor(
        _ kind: HealthMonitor.Kind,
        _ path: String = "/",
        method: CheckMethod = .get,
        codes: String = "200",
        name: String? = nil
    ) throws -> HealthMonitor {
        try HealthMonitor(
            kind: kind,
            delay: 1,
            timeout: 1,
            attempts: 1,
            path: MonitorPath(path),
            request: MonitorRequest(
                method: method,
                expectedCodes: ExpectedCodes(codes),
                domainName: name.map { name in try DomainName(name) }
            )
        )
    }

    private func expect(
        _ states: [NodeStatus.State],
        _ monitor: HealthMonitor,
        _ nodes: [Node],
        _ device: DeviceUnderTest
    ) async throws {
        try await device.driver.apply(LoadBalancerSet([device.http(nodes, monitor: monitor)]))
        var found: [NodeStatus] = []
        // The first checks are spread over a second.
        try await eventually("\(monitor.kind) \(monitor.request): \(states)") {
            found = try await device.driver.nodeStates()
            return found.map(\.state) == states && found.allSatisfy { $0.reason != NodeStatus.notChecked }
        }
    }

    @Test
    func eachTypeAcceptsWhatItShould() async throws {
        let back = try HTTPBackEnd()
        defer { back.stop() }
        try await withDevice { device in
            try await TestNodes.run(in: device.folder.deletingLastPathComponent()) { servers in
                let nodes = try [back.port, servers.tls, FreePort.next()].enumerated().map {
                    try Node.local("\($0)", $1)
                }
                try await expect([.up, .up, .down], monitor(.connect), nodes, device)
                try await expect([.down, .up, .down], monitor(.tlsHello), nodes, device)
                try await expect([.down, .up, .down], monitor(.tlsHello, name: "www.example.com"), nodes, device)
                try await expect([.down, .up, .down], monitor(.https, name: "www.example.com"), nodes, device)
                // Without a name, this node's status is 500.
                try await expect([.down, .down, .down], monitor(.https), nodes, device)
                try await expect([.down, .up, .down], monitor(.https, codes: "404,500"), nodes, device)
                let head = try monitor(.https, method: .head, codes: "201-204", name: "www.example.com")
                try await expect([.down, .up, .down], head, nodes, device)
                try await expect([.up, .down, .down], monitor(.http, "/status/404", codes: "404"), nodes, device)
                try await expect([.down, .down, .down], monitor(.http, "/status/404"), nodes, device)
                try await expect([.up, .down, .down], monitor(.http, "/status/299", codes: "200-299"), nodes, device)
            }
        }
    }

    @Test
    func theThresholdsAreHAProxys() async throws {
        try await withDevice { device in
            for (retries, down, rise, fall) in [
                (nil, nil, "2", "7"), (4, nil, "4", "7"), (nil, 3, "2", "3"), (1, 10, "1", "10"),
            ] {
                let monitor = try HealthMonitor(
                    kind: .connect,
                    delay: 60,
                    timeout: 1,
                    attempts: 7,
                    maxRetries: retries,
                    maxRetriesDown: down
                )
                let nodes = [try Node.local("1", FreePort.next())]
                try await device.driver.apply(LoadBalancerSet([device.http(nodes, monitor: monitor)]))
                let table = try #require(StatisticsTable(try await device.command("show stat http-servers 4 -1")))
                #expect(
                    table.rows.map { [$0["check_rise"], $0["check_fall"]] } == [[Substring(rise), Substring(fall)]]
                )
            }
        }
    }

    /// Also over a reload, at which HAProxy would prefer the place of the old worker's checks.
    @Test
    func aNodeIsCheckedElsewhere() async throws {
        let (node, other) = (try HTTPBackEnd(name: "node"), try HTTPBackEnd())
        defer {
            node.stop()
            other.stop()
        }
        try await withDevice { device in
            let monitor = try monitor(.connect)
            let dead = try FreePort.next()
            func apply(_ address: String?, _ port: Int?, retries: Int = 3) async throws -> LoadBalancerSet {
                let check = try NodeCheck(address: address.flatMap { IPAddress($0) }, port: port.map { try Port($0) })
                let nodes = try ["1", "2"].map { id in
                    try Node(id: Identifier(id), address: HostAddress("127.0.0.1"), port: Port(node.port), check: check)
                }
                let set = try LoadBalancerSet(
                    [device.http(nodes, monitor: monitor, options: ConnectionOptions(connectRetries: retries))]
                )
                try await device.driver.apply(set)
                return set
            }
            func expect(_ state: NodeStatus.State, reloads: Int, _ set: LoadBalancerSet) async throws {
                try await eventually("the nodes are \(state)") {
                    try await device.driver.nodeStates().map(\.state) == [state, state]
                }
                #expect(try await device.processes()?.reloads == reloads)
                let rendered = HAProxyRenderer(device.configuration).render(set, isSuspended: false)
                let running = RunningState(configuration: rendered, servers: try await device.servers())
                #expect(ChangePlan(from: running, to: rendered) == .nothing)
            }
            try await expect(.up, reloads: 0, apply(nil, nil))
            try await expect(.down, reloads: 0, apply(nil, dead))
            try await expect(.up, reloads: 0, apply("127.0.0.1", other.port))
            try await expect(.down, reloads: 0, apply("127.0.0.1", dead))
            try await expect(.down, reloads: 1, apply("127.0.0.1", dead, retries: 4))
            try await expect(.up, reloads: 1, apply("127.0.0.1", other.port, retries: 4))
            try await device.command("set server http-servers/id-1 check-port \(dead)")
            try await expect(.up, reloads: 1, apply("127.0.0.1", other.port, retries: 4))
            try await expect(.up, reloads: 2, apply(nil, nil, retries: 4))
            let back = try await device.servers()
            #expect(back.allSatisfy { $0.checkAddress == nil && $0.checkPort == nil })
        }
    }

    @Test
    func aCheckOfADeniedAddressIsRefused() async throws {
        try await withDevice { device in
            for (check, field) in [
                (try NodeCheck(address: IPAddress("127.0.0.1"), port: Port(device.httpPort)), "monitor_address"),
                (try NodeCheck(port: Port(device.httpPort)), "monitor_port"),
            ] {
                let node = try Node(id: Identifier("1"), address: HostAddress("127.0.0.1"), port: Port(9), check: check)
                let error = await #expect(throws: DriverError.self) {
                    try await device.driver.apply(LoadBalancerSet([device.http([node])]))
                }
                #expect(error?.field == LoadBalancerField(loadBalancer: 0, node: 0, name: field))
            }
        }
    }
}
