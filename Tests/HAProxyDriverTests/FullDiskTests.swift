// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import TestServers
import Testing

@testable import HAProxyDriver

/// The operations that must succeed without a free byte on the disk.
@Suite(Requirement.haproxy.trait, .enabled("needs permission to mount a file system") { await SmallDisk.isPossible() })
struct FullDiskTests {
    @Test
    func suspendWorksAndOutlivesHAProxyAndTheAgent() async throws {
        try await withFullDisk { device in
            try await device.driver.suspend()
            #expect(try await device.driver.status() == .suspended)
            #expect(try await !LoopbackSocket.accepts(device.httpPort))
            #expect(try await device.restarted().status() == .suspended)
            try await endHAProxy(device)
            try await supervised(device.restarted()) {
                try await eventually("HAProxy runs") { try await device.processes()?.worker != nil }
                #expect(try await !LoopbackSocket.accepts(device.httpPort))
            }
        }
    }

    @Test
    func aHAProxyThatEndedIsStartedAgain() async throws {
        try await withFullDisk { device in
            try await endHAProxy(device)
            try await supervised(device.restarted()) {
                try await eventually("it serves") {
                    (try? await HTTPClient(port: device.httpPort).get("/").text) == "node"
                }
            }
        }
    }

    private func endHAProxy(_ device: DeviceUnderTest) async throws {
        let master = try #require(try await device.processes()?.master)
        let handle = try #require(ProcessHandle(master))
        handle.send(SIGKILL)
        #expect(try await blocking { handle.waitForEnd(by: .after(.seconds(20))) })
    }

    /// Runs the body with a device that serves, and whose state folder is on a full disk.
    private func withFullDisk(_ body: (DeviceUnderTest) async throws -> Void) async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice(suspendGrace: 0) { device in
            let disk = try await SmallDisk(at: device.folder.path)
            do {
                try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
                try disk.fill(device.file("filler"))
                try await body(device)
                try await disk.remove()
            } catch {
                try await disk.remove()
                throw error
            }
        }
    }
}
