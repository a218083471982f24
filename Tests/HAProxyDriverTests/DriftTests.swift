// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import SteelyardCore
import SteelyardSystem
import TestServers
import Testing

@testable import HAProxyDriver

/// Changes by other programs: detected, reported once, and repaired by the next UPDATE.
@Suite(Requirement.haproxy.trait)
struct DriftTests {
    enum Hand: String, CaseIterable {
        case weight, maintenance, drain, address, removal, addition, frontend, file, fileAndReload, reload
    }

    @Test(arguments: Hand.allCases)
    func aHandIsNoticedAndUndone(_ hand: Hand) async throws {
        let back = try BackEnds(["one", "two"])
        defer { back.stop() }
        try await withDevice { device in
            let recorder = LogRecorder()
            let driver = try HAProxyDriver(
                configuration: device.configuration,
                logger: Logger(label: "test") { _ in recorder }
            )
            func drifts() -> [String] { recorder.lines.filter { $0.contains("another program changed") } }
            let nodes = [try Node.local("1", back.port("one")), try Node.local("2", back.port("two"))]
            let set = try LoadBalancerSet([device.http(nodes)])
            try await driver.apply(set)
            await driver.lookForDrift()
            #expect(drifts().isEmpty)

            try await interfere(hand, device)
            for _ in 0..<2 { await driver.lookForDrift() }
            if hand == .frontend { await #expect(throws: DriverError.self) { _ = try await driver.status() } }
            // The expected file was loaded again: this reload changed nothing.
            #expect(drifts().count == (hand == .reload ? 0 : 1), "\(drifts())")
            if let word = words(of: hand) { #expect(drifts().first?.contains(word) == true, "\(drifts())") }

            try await driver.apply(set)
            await driver.lookForDrift()
            #expect(drifts().count == (hand == .reload ? 0 : 1))
            let rendered = HAProxyRenderer(device.configuration).render(set, isSuspended: false)
            #expect(try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8) == rendered.text)
            let running = RunningState(configuration: rendered, servers: try await device.servers())
            #expect(ChangePlan(from: running, to: rendered) == .nothing)
            var answers: Set<String> = []
            for _ in 0..<8 { answers.insert(try await HTTPClient(port: device.httpPort).get("/").text) }
            #expect(answers == ["one", "two"])
        }
    }

    /// A repeated message checks the device again.
    @Test
    func aHandOnASuspendedDeviceIsUndone() async throws {
        let back = try BackEnds(["one"])
        defer { back.stop() }
        try await withDevice { device in
            let set = try LoadBalancerSet([device.http([.local("1", back.port("one"))])])
            try await device.driver.apply(set)
            try await device.driver.suspend()
            try await device.command("enable frontend http-in")
            try await device.command("experimental-mode on; set var proc.suspended bool(false)")
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "one")
            try await device.driver.suspend()
            #expect(try await !LoopbackSocket.accepts(device.httpPort))
            try await device.driver.enable()
            try await device.command("disable frontend http-in")
            try await device.driver.enable()
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "one")
        }
    }

    private func interfere(_ hand: Hand, _ device: DeviceUnderTest) async throws {
        let file = device.file("haproxy.cfg")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        switch hand {
        case .weight: try await device.command("set server http-servers/id-1 weight 99")
        case .maintenance: try await device.command("set server http-servers/id-1 state maint")
        case .drain: try await device.command("set server http-servers/id-1 state drain")
        case .address: try await device.command("set server http-servers/id-1 addr 127.0.0.9 port 9")
        case .removal:
            try await device.command("set server http-servers/id-1 state maint; del server http-servers/id-1")
        case .addition:
            try await device.command(
                "add server http-servers/id-9 127.0.0.1:9; set server http-servers/id-9 state ready"
            )
        case .frontend: try await device.command("disable frontend http-in")
        case .file, .fileAndReload:
            let other = text.replacing("timeout server 30000ms", with: "timeout server 1ms")
            try other.write(toFile: file, atomically: true, encoding: .utf8)
            if hand == .fileAndReload { try await reload(device) }
        case .reload: try await reload(device)
        }
    }

    private func words(of hand: Hand) -> String? {
        switch hand {
        case .weight: "weight of http-servers/id-1 from 99 to 1"
        case .maintenance, .drain: "enable http-servers/id-1"
        case .address: "move http-servers/id-1 to 127.0.0.1"
        case .removal: "add http-servers/id-1"
        case .addition: "remove http-servers/id-9"
        case .frontend: "another program opened or closed http"
        case .file: "+    timeout server 1ms"
        case .fileAndReload: "HAProxy runs an unknown configuration"
        case .reload: nil
        }
    }

    /// As after `systemctl reload` or a manual `kill -USR2`.
    private func reload(_ device: DeviceUnderTest) async throws {
        let before = try #require(try await device.processes())
        ProcessHandle(before.master)?.send(SIGUSR2)
        try await eventually("a new worker runs") {
            guard let now = try? await device.processes() else { return false }
            return now.worker != nil && now.worker != before.worker
        }
        try await eventually("it answers") { (try? await device.servers().count) == 2 }
    }
}
