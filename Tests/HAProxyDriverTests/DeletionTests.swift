// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import SteelyardTestSupport
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// DELETE with obstacles.
@Suite(Requirement.haproxy.trait)
struct DeletionTests {
    @Test
    func aSilentMasterIsEnded() async throws {
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            let table = try #require(try await device.processes())
            let processes = try ([table.master] + [table.worker].compactMap(\.self)).map {
                try #require(ProcessHandle($0))
            }
            processes[0].send(SIGSTOP)
            try await device.driver.delete()
            for process in processes { #expect(try await blocking { process.waitForEnd(by: .after(.seconds(30))) }) }
            #expect(try await !LoopbackSocket.accepts(device.httpPort))
            try expectNothingLeft(of: device)
        }
    }

    /// The agent has never had an answer from it, and its socket accepts no more connections.
    @Test
    func aSilentMasterIsEndedByAnotherAgent() async throws {
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            let table = try #require(try await device.processes())
            let processes = try ([table.master] + [table.worker].compactMap(\.self)).map {
                try #require(ProcessHandle($0))
            }
            processes[0].send(SIGSTOP)
            let socket = device.configuration.masterSocket
            try await blocking {
                for _ in 0..<20 {
                    _ = try? RuntimeConnection(socket, by: .after(.zero)).onlyAnswer(to: "show proc", by: .after(.zero))
                }
            }
            try await device.restarted().delete()
            for process in processes { #expect(try await blocking { process.waitForEnd(by: .after(.seconds(30))) }) }
            try expectNothingLeft(of: device)
        }
    }

    /// The known master has ended, and another one has replaced it.
    @Test
    func aSilentMasterThatWasNeverAskedIsEnded() async throws {
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            let first = try #require(try await device.processes()?.master)
            let known = try #require(ProcessHandle(first))
            known.send(SIGKILL)
            #expect(try await blocking { known.waitForEnd(by: .after(.seconds(30))) })
            let next = try device.restarted()
            let second = try await supervised(next) {
                try await eventually("HAProxy runs again") {
                    try await device.processes().map { $0.master != first && $0.worker != nil } ?? false
                }
                return try #require(try await device.processes()?.master)
            }
            let silent = try #require(ProcessHandle(second))
            silent.send(SIGSTOP)
            try await device.driver.delete()
            #expect(try await blocking { silent.waitForEnd(by: .after(.seconds(30))) })
            try expectNothingLeft(of: device)
        }
    }

    /// A program that only listens on the socket is not an HAProxy to stop.
    @Test
    func anotherProgramOnTheSocketIsLeftAlone() async throws {
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            try await device.driver.delete()
            let listener = try #require(listen(on: device.configuration.masterSocket.string))
            defer { close(listener) }
            let error = await #expect(throws: DriverError.self) { try await device.restarted().delete() }
            #expect(error?.code == .timedOut)
        }
    }

    @Test
    func whatFailsHalfwayIsFinishedLater() async throws {
        try await withDevice { device in
            try await supervised(device.driver) {
                try await device.driver.apply(LoadBalancerSet([device.http([])]))
                let obstacle = device.file("haproxy.cfg.last-good")
                try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
                await #expect(throws: DriverError.self) { try await device.driver.delete() }
                try FileManager.default.removeItem(atPath: obstacle)
                try await eventually("the rest is removed") {
                    try FileManager.default.contentsOfDirectory(atPath: device.folder.path) == ["state.json"]
                }
            }
        }
    }

    /// The next load balancers must not inherit files that a DELETE could not remove.
    @Test
    func anUpdateFinishesADeleteOrFails() async throws {
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            let obstacle = device.file("haproxy.cfg.last-good")
            try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
            for name in ["haproxy.log", "haproxy.log-20261101.xz"] {
                try "10.0.0.1:1 [23/Nov/2026:04:05:15.557] http-in http-servers/1 0/0/0".write(
                    toFile: device.file(name),
                    atomically: true,
                    encoding: .utf8
                )
            }
            await #expect(throws: DriverError.self) { try await device.driver.delete() }
            let driver = try device.restarted()
            for driver in [device.driver, driver] {
                let error = await #expect(throws: DriverError.self) {
                    try await driver.apply(LoadBalancerSet([device.http([])]))
                }
                #expect(error?.message.prefix(128).contains("the last DELETE is not finished") == true)
                #expect(error?.message.contains(obstacle) == true)
                #expect(try await driver.status() == .deleted)
                let refusal = await #expect(throws: DriverError.self) { _ = try await driver.openLog() }
                #expect(refusal?.code == .deleted && refusal?.message.contains("there are no logs") == true)
            }
            try FileManager.default.removeItem(atPath: obstacle)
            try await driver.apply(LoadBalancerSet([device.http([])]))
            let log = try await driver.openLog()
            #expect(try log.lines(of: [LogPart(.http)])[0].bytes.isEmpty && log.leftOut.isEmpty)
        }
    }

    /// HAProxy's log has filled the disk: the removed files make space for the state.
    @Test(.enabled("needs permission to mount a file system") { await SmallDisk.isPossible() })
    func aFullDiskIsNoObstacle() async throws {
        try await withDevice { device in
            let disk = try await SmallDisk(at: device.folder.path)
            do {
                try await device.driver.apply(LoadBalancerSet([device.http([])]))
                try disk.fill(device.file("haproxy.log"))
                await #expect(throws: DriverError.self) {
                    try await device.driver.apply(LoadBalancerSet([device.http([], port: device.tcpPort)]))
                }
                try await device.driver.delete()
                #expect(try await device.processes() == nil)
                #expect(try await device.driver.status() == .deleted)
                #expect(try await device.restarted().status() == .deleted)
                try expectNothingLeft(of: device)
                try await disk.remove()
            } catch {
                try await disk.remove()
                throw error
            }
        }
    }

    @Test
    func whatWasSetAsideIsRemoved() async throws {
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            for name in ["state.json", "usage.json"] {
                try "{".write(toFile: device.file(name), atomically: true, encoding: .utf8)
            }
            let next = try device.restarted()
            #expect(FileManager.default.fileExists(atPath: device.file("usage.json.foreign")))
            try await next.delete()
            try expectNothingLeft(of: device)
        }
    }

    private func expectNothingLeft(of device: DeviceUnderTest) throws {
        #expect(try FileManager.default.contentsOfDirectory(atPath: device.folder.path) == ["state.json"])
    }
}

/// Listens, and never answers.
private func listen(on path: String) -> Int32? {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    return result == 0 && Foundation.listen(descriptor, 10) == 0 ? descriptor : nil
}
