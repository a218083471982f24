// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import SteelyardCore
import SteelyardSystem
import TestServers
import Testing

@testable import HAProxyDriver

/// The state after crashes of the agent or of HAProxy.
@Suite(Requirement.haproxy.trait)
struct RecoveryTests {
    @Test
    func aKilledHAProxyIsBackWithinSeconds() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            try await supervised(device.driver) {
                try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
                for _ in 0..<2 {
                    let master = try #require(try await device.processes()?.master)
                    ProcessHandle(master)?.send(SIGKILL)
                    try await eventually("STATS succeeds again") {
                        (try? await device.driver.nodeStates())?.map(\.state) == [.up]
                    }
                    try await eventually("HAProxy serves again") {
                        (try? await HTTPClient(port: device.httpPort).get("/").text) == "node"
                    }
                    try await eventually("the new master answers") {
                        try await device.processes().map { $0.master != master && $0.worker != nil } ?? false
                    }
                    // Killed during a start, it takes longer, as it should.
                    try await Task.sleep(for: .milliseconds(500))
                }
            }
        }
    }

    /// The master ends with its worker, and has logged the worker's exit.
    @Test
    func aWorkerThatEndsByASignalIsReported() async throws {
        try await withDevice { device in
            let recorder = LogRecorder()
            let driver = try HAProxyDriver(
                configuration: device.configuration,
                logger: Logger(label: "test") { _ in recorder }
            )
            try await supervised(driver) {
                try await driver.apply(LoadBalancerSet([device.http([])]))
                _ = try await driver.status()
                #expect(await driver.proxyStatus()?.unexpectedEnds == 0)
                let worker = try #require(try await device.processes()?.worker)
                ProcessHandle(worker)?.send(SIGSEGV)
                try await eventually("another HAProxy answers") {
                    guard (try? await driver.status()) != nil else { return false }
                    return try await device.processes().map { $0.worker != nil && $0.worker != worker } ?? false
                }
                let line = try #require(recorder.lines.first { $0.contains("HAProxy ended") })
                #expect(line.contains("error") && line.contains("exited with code 139"), "\(line)")
                let status = try #require(await driver.proxyStatus())
                #expect(status.unexpectedEnds == 1)
                #expect(try UTCTimestamp.now.microseconds - #require(status.since).microseconds < 600_000_000)
            }
        }
    }

    /// Connections that earlier agents left open do not delay STATS.
    @Test
    func anAgentThatIsStartedAgainAndAgainIsAnswered() async throws {
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            for _ in 0..<15 {
                let next = try device.restarted()
                try await supervised(next) {
                    _ = try await next.status()
                    #expect(try await next.usage().entries.map(\.proxyKind) == [.http])
                }
            }
        }
    }

    /// A restarted HAProxy appends to the log of the last one.
    @Test
    func aKilledHAProxyLeavesItsLog() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            try await supervised(device.driver) {
                try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
                func logged() -> String {
                    (try? String(contentsOfFile: device.file("haproxy.log"), encoding: .utf8)) ?? ""
                }
                func request(_ name: String) async throws {
                    try await eventually("HAProxy serves") {
                        (try? await HTTPClient(port: device.httpPort).get("/\(name)-").text) == "node"
                    }
                    try await eventually("the request is logged") { logged().contains("/\(name)-") }
                }
                try await request("before")
                let master = try #require(try await device.processes()?.master)
                ProcessHandle(master)?.send(SIGKILL)
                try await eventually("another HAProxy runs") {
                    try await device.processes().map { $0.master != master && $0.worker != nil } ?? false
                }
                try await request("after")
                #expect(logged().contains("/before-"))
            }
        }
    }

    @Test
    func aKilledWorkerIsBackWithinSeconds() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            try await supervised(device.driver) {
                try await device.driver.apply(LoadBalancerSet([device.http([.local("1", node.port)])]))
                let worker = try #require(try await device.processes()?.worker)
                ProcessHandle(worker)?.send(SIGKILL)
                try await eventually("HAProxy serves again") {
                    (try? await HTTPClient(port: device.httpPort).get("/").text) == "node"
                }
            }
        }
    }

    @Test
    func aRestartedAgentAdoptsWhatRuns() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let set = try LoadBalancerSet([device.http([.local("1", node.port)])])
            try await device.driver.apply(set)
            let before = try #require(try await device.processes())
            let next = try device.restarted()
            try await supervised(next) {
                #expect(try await next.nodeStates().map(\.state) == [.up])
                try await next.apply(set)
                #expect(try await device.processes() == before)
            }
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
        }
    }

    /// As after a crash between the replacement of the file and the commit: with and without the reload in between.
    @Test(arguments: [false, true])
    func anInterruptedApplyIsTakenBack(hasReloaded: Bool) async throws {
        let (old, new) = (try HTTPBackEnd(name: "old"), try HTTPBackEnd(name: "new"))
        defer {
            old.stop()
            new.stop()
        }
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", old.port)])]))
            let good = try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8)
            let rendered = HAProxyRenderer(device.configuration)
                .render(try LoadBalancerSet([device.http([.local("1", new.port)])]), isSuspended: false)
            try rendered.text.write(toFile: device.file("haproxy.cfg"), atomically: true, encoding: .utf8)
            if hasReloaded { try await device.reload(rendered) }
            try await supervised(try device.restarted()) {
                try await eventually("the old state serves") {
                    try await HTTPClient(port: device.httpPort).get("/").text == "old"
                        && String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8) == good
                }
            }
        }
    }

    @Test
    func anInterruptedDeleteIsFinished() async throws {
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", FreePort.next())])]))
            // The state right after a crash that follows the commit.
            try DeviceStore(DeviceFiles(device.configuration).state, DeviceUnderTest.logger).commit(.deleted)
            try await supervised(try device.restarted()) {
                try await eventually("HAProxy has been stopped") { try await device.processes() == nil }
                try await eventually("the files are removed") {
                    let left = try FileManager.default.contentsOfDirectory(atPath: device.folder.path)
                    return left == ["state.json"]
                }
            }
        }
    }

    @Test(arguments: ["", "{", "{\"format\":1}", "{\n\"format\":2,\n\"phase\":\"serving\"\n}\n", "\u{0}\u{0}\u{0}"])
    func foreignStateIsSetAside(content: String) async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let set = try LoadBalancerSet([device.http([.local("1", node.port)])])
            try await device.driver.apply(set)
            for name in ["state.json", "usage.json"] {
                try content.write(toFile: device.file(name), atomically: true, encoding: .utf8)
            }
            let next = try device.restarted()
            #expect(try await next.status() == .notConfigured)
            for name in ["state.json", "usage.json"] {
                #expect(try String(contentsOfFile: device.file(name + ".foreign"), encoding: .utf8) == content)
            }
            // Traffic continues, and the next UPDATE takes over.
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            try await next.apply(set)
            #expect(try await next.nodeStates().map(\.state) == [.up])
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
        }
    }
}
