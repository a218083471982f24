// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// The listener of `haproxy.stats_bind`, in addition to the load balancers.
@Suite(Requirement.haproxy.trait)
struct StatisticsPageTests {
    @Test
    func itAnswersDuringServiceAndSuspension() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        let port = try FreePort.next()
        try await withDevice(statsBind: "127.0.0.1:\(port)") { device in
            let set = try LoadBalancerSet([device.http([.local("1", node.port)])])
            try await device.driver.apply(set)
            try await expectStatistics(port)
            let before = try await device.processes()
            try await device.driver.suspend()
            #expect(try await !LoopbackSocket.accepts(device.httpPort))
            try await expectStatistics(port)
            try await device.driver.enable()
            try await expectStatistics(port)
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            // It also is not mistaken for an unexpected load balancer.
            let next = try device.restarted()
            try await supervised(next) { try await next.apply(set) }
            #expect(try await device.processes() == before)
        }
    }

    @Test
    func itIsNotMetered() async throws {
        let port = try FreePort.next()
        try await withDevice(statsBind: "127.0.0.1:\(port)") { device in
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            try await expectStatistics(port)
            #expect(try await device.driver.usage().entries.map(\.bytesOut) == [0])
        }
    }

    @Test
    func aTakenPortIsNamed() async throws {
        let other = try HTTPBackEnd()
        defer { other.stop() }
        try await withDevice(statsBind: "127.0.0.1:\(other.port)") { device in
            let set = try LoadBalancerSet([device.http([])])
            let error = await #expect(throws: DriverError.self) { try await device.driver.apply(set) }
            #expect(error?.code == .addressInUse)
            #expect(error?.message.contains("haproxy.stats_bind is 127.0.0.1:\(other.port)") == true)
            // HAProxy's own message about it is also recognized.
            let rendered = HAProxyRenderer(device.configuration).render(set, isSuspended: false)
            try FileManager.default.createDirectory(atPath: device.folder.path, withIntermediateDirectories: true)
            try rendered.text.write(toFile: device.file("haproxy.cfg"), atomically: true, encoding: .utf8)
            let alert = await #expect(throws: DriverError.self) {
                let session = HAProxySession(DeviceFiles(device.configuration))
                _ = try await ProcessService(device.configuration).start(rendered, over: session)
            }
            #expect(alert?.code == .addressInUse)
            #expect(alert?.message.contains("haproxy.stats_bind") == true)
        }
    }

    @Test
    func aLoadBalancerOnItsPortIsRefused() async throws {
        let port = try FreePort.next()
        try await withDevice(statsBind: "*:\(port)") { device in
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            let error = await #expect(throws: DriverError.self) {
                try await device.driver.apply(LoadBalancerSet([device.http([], port: port)]))
            }
            #expect(error?.field == LoadBalancerField(loadBalancer: 0, name: "port"))
            #expect(error?.message.contains("haproxy.stats_bind") == true)
        }
    }

    @Test(arguments: [
        "", "8404", "localhost:8404", "::1:8404", "[127.0.0.1]:8404", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1",
        "*:8404 ssl", "*:8404,*:8405", "[::1:8404", "/tmp/socket",
    ])
    func whatIsNoAddressIsRefused(_ text: String) {
        let error = #expect(throws: SettingError.self) { try HAProxyConfiguration(["stats_bind": .of(text)]) }
        #expect(error?.key == "haproxy.stats_bind")
    }

    private func expectStatistics(_ port: Int) async throws {
        #expect(try await HTTPClient(port: port).get("/metrics").text.contains("haproxy_process_"))
        #expect(try await HTTPClient(port: port).get("/").text.contains("Statistics Report"))
    }
}
