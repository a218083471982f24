// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// Files of the state folder that are removed while HAProxy runs, with and without a running agent.
///
/// In the end one HAProxy runs, and the agent controls it; until then, every reply is true.
@Suite(Requirement.haproxy.trait)
struct LostFileTests {
    /// The removed files.
    enum Loss: String, CaseIterable {
        case masterSocket = "master.sock"
        case adminSocket = "admin.sock"
        case peerSocket = "peers.sock"
        case configuration = "haproxy.cfg"
        case state = "state.json"
        case serverStates = "servers.state"
        case usage = "usage.json"
        case bothSockets = "master.sock admin.sock"
        case everything = "*"

        func take(from device: DeviceUnderTest) throws {
            let names =
                self == .everything
                ? try FileManager.default.contentsOfDirectory(atPath: device.folder.path)
                : rawValue.split(separator: " ").map(String.init)
            for name in names { try? FileManager.default.removeItem(atPath: device.file(name)) }
        }
    }

    /// The first message after that.
    enum Request: CaseIterable { case update, suspend, delete }

    @Test(arguments: Loss.allCases, Request.allCases)
    func whileTheAgentRuns(_ loss: Loss, _ first: Request) async throws {
        try await withServingDevice { device, set in
            try await supervised(device.driver) {
                try loss.take(from: device)
                try await expectControl(of: device, by: device.driver, first, set)
            }
        }
    }

    @Test(arguments: Loss.allCases, Request.allCases)
    func whileNoAgentRuns(_ loss: Loss, _ first: Request) async throws {
        try await withServingDevice { device, set in
            try loss.take(from: device)
            let next = try device.restarted()
            try await supervised(next) { try await expectControl(of: device, by: next, first, set) }
        }
    }

    /// Arguments that name the master's socket do not make a program HAProxy.
    @Test(arguments: ["sh", "/usr/sbin/haproxy"])
    func anotherProgramThatNamesTheSocket(_ name: String) async throws {
        try await withServingDevice { device, set in
            let folder = device.folder.deletingLastPathComponent()
            let fifo = folder.appending(path: "fifo").path
            #expect(mkfifo(fifo, 0o600) == 0)
            let script = #"""
                trap 'echo signalled' HUP INT QUIT TERM USR1 USR2
                exec 3<>"$0"
                echo ready
                while :; do read -r _ <&3; done
                """#
            let other = try await ChildProcess.start(
                "/bin/bash",
                [
                    "-c", #"exec -a "$0" bash -c "$@""#, name, script, fifo, "-W", "-S",
                    device.configuration.masterSocket.string, "-f", device.configuration.config.string,
                ],
                in: folder,
                name: "other"
            )
            defer { other.send(signal: SIGKILL) }
            try await eventually("the other program runs") { other.output == "ready\n" }
            try await supervised(device.driver) {
                // With and without the loss of the socket's file.
                for loss in [Loss.masterSocket, nil] {
                    try loss?.take(from: device)
                    for master in KernelView(of: device).masters { kill(master, SIGKILL) }
                    try await eventually("HAProxy serves again") {
                        (try? await HTTPClient(port: device.httpPort).get("/").text) == "old"
                    }
                }
                try await expectControl(of: device, by: device.driver, .update, set)
            }
            #expect(other.output == "ready\n")
            #expect(other.isRunning)
        }
    }

    // MARK: -

    /// Runs the body with a device that serves "old", and the load balancers of "new".
    private func withServingDevice(
        _ body: @Sendable (DeviceUnderTest, LoadBalancerSet) async throws -> Void
    ) async throws {
        let (old, new) = (try HTTPBackEnd(name: "old"), try HTTPBackEnd(name: "new"))
        defer {
            old.stop()
            new.stop()
        }
        try await withDevice(suspendGrace: 0) { device in
            func set(_ node: HTTPBackEnd) throws -> LoadBalancerSet {
                let nodes = [try Node.local("1", node.port)]
                return try LoadBalancerSet([device.http(nodes), device.tcp(nodes)])
            }
            try await device.driver.apply(set(old))
            try await body(device, set(new))
        }
    }

    /// Sends all messages, starting with the first; repeats failed ones, and checks that each PASS is true.
    private func expectControl(
        of device: DeviceUnderTest,
        by driver: HAProxyDriver,
        _ first: Request,
        _ set: LoadBalancerSet
    ) async throws {
        switch first {
        case .update: break
        case .suspend:
            // An agent that has lost its state has nothing to suspend.
            if try await passes("a SUSPEND", except: .notConfigured, { try await driver.suspend() }) {
                try await expectClosed(device)
            }
        case .delete:
            try await passes("a DELETE") { try await driver.delete() }
            try await expectClosed(device)
            #expect(KernelView(of: device).masters.isEmpty)
        }
        try await passes("an UPDATE") { try await driver.apply(set) }
        if try await driver.status() == .suspended {
            try await expectClosed(device)
            try await passes("an ENABLE") { try await driver.enable() }
        }
        try await expectServed(device)
        try await eventually("one HAProxy runs: \(KernelView(of: device).masters)") {
            let view = KernelView(of: device)
            return try view.masters.count == 1 && view.masters(listeningOn: device.httpPort) == Set(view.masters)
        }
        try await expectServed(device)
        try await passes("a SUSPEND") { try await driver.suspend() }
        try await expectClosed(device)
        try await passes("an ENABLE") { try await driver.enable() }
        try await expectServed(device)
        try await passes("a DELETE") { try await driver.delete() }
        try await expectClosed(device)
        #expect(KernelView(of: device).masters.isEmpty)
    }

    /// Repeats a message until it passes.
    ///
    /// - Returns: false if it fails with the exception.
    @discardableResult
    private func passes(
        _ what: String,
        except code: DriverError.Code? = nil,
        _ body: () async throws -> Void
    ) async throws -> Bool {
        var result = true
        var last: DriverError?
        do {
            try await eventually("\(what) passes") {
                do {
                    try await body()
                    result = true
                } catch let error as DriverError {
                    last = error
                    guard let code, error.code == code else { return false }
                    result = false
                }
                return true
            }
        } catch { throw ServerFailure("\(error); the last error: \(last.map { "\($0)" } ?? "none")") }
        return result
    }

    private func expectServed(_ device: DeviceUnderTest) async throws {
        var answers: Set<String> = []
        for port in [device.httpPort, device.tcpPort] {
            for _ in 0..<20 { answers.insert(try await HTTPClient(port: port).get("/").text) }
        }
        #expect(answers == ["new"])
    }

    private func expectClosed(_ device: DeviceUnderTest) async throws {
        for port in [device.httpPort, device.tcpPort] { #expect(try await !LoopbackSocket.accepts(port)) }
    }
}
