// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// HAProxy as a unit of systemd: systemd starts and stops the process, and everything else is the same as without it.
@Suite(Requirement.haproxy.trait)
struct SystemdServiceTests {
    @Test
    func systemdStartsAndStopsAndNothingElse() async throws {
        let (old, new) = (try HTTPBackEnd(name: "old"), try HTTPBackEnd(name: "new"))
        defer {
            old.stop()
            new.stop()
        }
        try await withDevice(service: .systemd) { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", old.port)])]))
            let master = try #require(try await device.processes()?.master)
            #expect(device.unit.calls == ["is-active", "start"])
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", new.port)])]))
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "new")
            try await device.driver.suspend()
            #expect(try await !LoopbackSocket.accepts(device.httpPort))
            try await device.driver.enable()
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "new")
            #expect(try await device.processes()?.master == master)
            #expect(device.unit.calls == ["is-active", "start"])

            try await device.driver.delete()
            #expect(device.unit.calls == ["is-active", "start", "stop"])
            #expect(try await device.processes() == nil)
            #expect(try await !LoopbackSocket.accepts(device.httpPort))
            // A syslog daemon may write late: the time of the DELETE is kept.
            let left = try FileManager.default.contentsOfDirectory(atPath: device.folder.path).sorted()
            #expect(left == ["log-start", "state.json"])
            #expect(!FileManager.default.fileExists(atPath: device.configuration.config.string))
            try await device.driver.delete()
        }
    }

    /// Like a syslog daemon: it has the file open, and appends.
    @Test
    func theLogOfADaemonIsEmptiedInPlace() async throws {
        try await withDevice(service: .systemd) { device in
            let path = device.configuration.log.string
            try "a line\n".write(toFile: path, atomically: false, encoding: .utf8)
            let daemon = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            try await device.driver.delete()
            #expect(try daemon.seekToEnd() == 0)
            try daemon.write(contentsOf: Data("another\n".utf8))
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "another\n")
        }
    }

    /// Debian starts the packaged configuration when HAProxy is installed.
    @Test
    func whatRunsAlreadyIsTakenOver() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice(service: .systemd) { device in
            let port = try FreePort.next()
            let foreign = try await startForeign(device, port)
            let before = try #require(try await device.processes())
            let set = try LoadBalancerSet([device.http([.local("1", node.port)])])
            try await device.driver.apply(set)
            #expect(try await device.processes()?.master == before.master)
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            #expect(try await !LoopbackSocket.accepts(port))
            // Once more, without the agent's knowledge.
            try foreign.write(toFile: device.configuration.config.string, atomically: true, encoding: .utf8)
            try await device.unit.run("stop")
            try await device.unit.run("start")
            let next = try device.restarted()
            try await next.apply(set)
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
        }
    }

    @Test
    func whatRunsAlreadyGoesOnWhereItCannotBeTakenOver() async throws {
        let other = try HTTPBackEnd()
        defer { other.stop() }
        try await withDevice(service: .systemd) { device in
            let port = try FreePort.next()
            let foreign = try await startForeign(device, port)
            let set = try LoadBalancerSet([device.http([], port: other.port)])
            let error = await #expect(throws: DriverError.self) { try await device.driver.apply(set) }
            #expect(error?.message.contains("see journalctl -u haproxy.service") == true)
            #expect(try await LoopbackSocket.accepts(port))
            #expect(try String(contentsOfFile: device.configuration.config.string, encoding: .utf8) == foreign)
            #expect(device.unit.calls == ["start"])
        }
    }

    @Test
    func aRestartedAgentAdoptsWhatRuns() async throws {
        try await withDevice(service: .systemd) { device in
            let set = try LoadBalancerSet([device.http([])])
            try await device.driver.apply(set)
            let before = try #require(try await device.processes())
            let next = try device.restarted()
            try await supervised(next) {
                try await next.apply(set)
                #expect(try await device.processes() == before)
                try await next.suspend()
                try await next.delete()
                #expect(try await device.processes() == nil)
            }
        }
    }

    /// systemd restarts it automatically, or the agent requests it; in either order, it serves.
    @Test(arguments: [false, true])
    func aKilledHAProxyIsBack(bySystemd: Bool) async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice(service: .systemd) { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
            let master = try #require(try await device.processes()?.master)
            ProcessHandle(master)?.send(SIGKILL)
            if bySystemd { try await device.unit.run("start") }
            try await supervised(device.driver) {
                try await eventually("HAProxy serves again") {
                    (try? await HTTPClient(port: device.httpPort).get("/").text) == "node"
                }
                try await eventually("the new master answers") {
                    try await device.processes().map { $0.master != master && $0.worker != nil } ?? false
                }
            }
        }
    }

    @Test
    func aRefusalTellsOfThePolkitRule() async throws {
        try await withDevice(service: .systemd) { device in
            try device.unit.set(.forbid)
            let set = try LoadBalancerSet([device.http([])])
            let error = await #expect(throws: DriverError.self) { try await device.driver.apply(set) }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("polkit") == true)
            #expect(error?.message.contains("Interactive authentication required") == true)
            #expect(error?.message.contains("\n") == false)
            #expect(try await device.driver.status() == .notConfigured)
            try device.unit.set(nil)
            try await device.driver.apply(set)
            try device.unit.set(.forbid)
            let refusal = await #expect(throws: DriverError.self) { try await device.driver.delete() }
            #expect(refusal?.message.contains("may not stop haproxy.service") == true)
            try device.unit.set(nil)
            try await device.driver.delete()
        }
    }

    @Test
    func aHangingSystemctlIsGivenUp() async throws {
        try await withDevice(service: .systemd) { device in
            try device.unit.set(.hang)
            let begun = ContinuousClock.now
            let error = await #expect(throws: DriverError.self) {
                try await device.driver.apply(LoadBalancerSet([device.http([])]))
            }
            #expect(error?.code == .timedOut)
            #expect(error?.message.contains("systemctl start haproxy.service") == true)
            #expect(begun.duration(to: .now) < .seconds(600))
        }
    }

    @Test
    func aFailedStartNamesTheJournal() async throws {
        try await withDevice(service: .systemd) { device in
            try device.unit.set(.fail)
            let error = await #expect(throws: DriverError.self) {
                try await device.driver.apply(LoadBalancerSet([device.http([])]))
            }
            #expect(error?.message.contains("see journalctl -u haproxy.service") == true)
        }
    }

    @Test
    func aStartLimitIsTakenBack() async throws {
        try await withDevice(service: .systemd) { device in
            try device.unit.set(.limit)
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            #expect(device.unit.calls == ["is-active", "start", "reset-failed", "start"])
        }
    }

    @Test
    func aMissingSystemctlIsSaid() async throws {
        try await withDevice(service: .systemd) { device in
            try FileManager.default.removeItem(atPath: device.unit.systemctl.string)
            let error = await #expect(throws: DriverError.self) {
                try await device.driver.apply(LoadBalancerSet([device.http([])]))
            }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("haproxy.service") == true)
        }
    }

    private func startForeign(_ device: DeviceUnderTest, _ port: Int) async throws -> String {
        let file = URL(fileURLWithPath: device.configuration.config.string)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        let text = "defaults\n    timeout client 1s\nfrontend other\n    bind 127.0.0.1:\(port)\n"
        try text.write(to: file, atomically: true, encoding: .utf8)
        try await device.unit.run("start")
        return text
    }
}
