// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import SteelyardTestSupport
import TestServers
import Testing

@testable import HAProxyDriver

/// Faulty programs, files and sockets: the error names them, and traffic continues.
@Suite(Requirement.haproxy.trait)
struct FaultTests {
    @Test
    func aMissingProgramIsSaid() async throws {
        try await withDevice(binary: "/nonexistent/haproxy") { device in
            let error = await #expect(throws: DriverError.self) {
                try await device.driver.apply(LoadBalancerSet([device.http([])]))
            }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("haproxy.binary") == true)
            let status = try await device.driver.status()
            #expect(status == .notConfigured)
        }
    }

    /// A child of the program keeps its outputs open; a program that hangs after the check is ended.
    @Test(arguments: ["sleep 900", "exec sleep 900", #"case "$*" in -c*) exit 0;; esac; exec sleep 900"#])
    func aHangingProgramIsGivenUp(_ line: String) async throws {
        try await withTemporaryFolder { folder in
            let script = folder.appending(path: "haproxy")
            try "#!/bin/sh\n\(line)\n".write(to: script, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script.path)
            try await withDevice(binary: script.path) { device in
                let begun = ContinuousClock.now
                let error = await #expect(throws: DriverError.self) {
                    try await device.driver.apply(LoadBalancerSet([device.http([])]))
                }
                #expect(error?.code == .timedOut)
                // The driver must not wait for the end of `sleep`; the limit allows for a busy machine.
                #expect(begun.duration(to: .now) < .seconds(600))
                if let text = try? String(contentsOfFile: device.file("haproxy-start.log"), encoding: .utf8),
                    let processID = text.split(separator: "\n").first.flatMap({ Int32($0) })
                {
                    try await eventually("it is ended") { ProcessHandle.startTime(of: processID) == nil }
                }
            }
        }
    }

    /// The recovery before the change and the change itself both wait for it.
    @Test
    func aProgramThatHangsAfterACrashIsGivenUp() async throws {
        try await withTemporaryFolder { folder in
            let script = folder.appending(path: "haproxy")
            let mark = folder.appending(path: "hang")
            let text = "#!/bin/sh\n[ ! -e \(mark.path) ] || sleep 60\nexec \(Environment.haproxy) \"$@\"\n"
            try text.write(to: script, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script.path)
            try await withDevice(binary: script.path) { device in
                try await device.driver.apply(LoadBalancerSet([device.http([])]))
                let master = try #require(try await device.processes()?.master)
                ProcessHandle(master)?.send(SIGKILL)
                try Data().write(to: mark)
                let begun = ContinuousClock.now
                let error = await #expect(throws: DriverError.self) {
                    try await device.restarted().apply(LoadBalancerSet([device.tcp([])]))
                }
                #expect(error?.code == .timedOut)
                #expect(begun.duration(to: .now) < .seconds(30))
            }
        }
    }

    /// A stopped worker: its sockets accept connections, but do not answer.
    @Test
    func aSilentWorkerFailsReadingAndChangesInTime() async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            let set = try LoadBalancerSet([device.http([.local("1", node.port)])])
            try await device.driver.apply(set)
            let worker = try #require(try await device.processes()?.worker)
            let handle = try #require(ProcessHandle(worker))
            handle.send(SIGSTOP)
            try await eventually("the worker is stopped") {
                try String(contentsOfFile: "/proc/\(worker)/stat", encoding: .utf8).contains(") T ")
            }
            let begun = ContinuousClock.now
            let error = await #expect(throws: DriverError.self) { _ = try await device.driver.status() }
            #expect(error?.code == .timedOut)
            #expect(begun.duration(to: .now) < .seconds(20))
            await #expect(throws: DriverError.self) { _ = try await device.driver.usage() }
            let begunSuspend = ContinuousClock.now
            await #expect(throws: DriverError.self) { try await device.driver.suspend() }
            #expect(begunSuspend.duration(to: .now) < .seconds(60))
            handle.send(SIGCONT)
            #expect(try await device.driver.nodeStates().map(\.state) == [.up])
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
        }
    }

    /// A folder in place of the file to write: equivalent to a full or read-only disk, for root too.
    @Test(arguments: [
        ("state.json.new", true), ("haproxy.cfg.new", true), ("haproxy.cfg.candidate.new", true),
        ("haproxy.cfg.last-good.new", true), ("servers.state.new", true), ("state.json.new", false),
        ("haproxy.cfg.new", false), ("haproxy.cfg.last-good.new", false),
    ])
    func aFileThatCannotBeWrittenLeavesEverythingAsItWas(name: String, isReload: Bool) async throws {
        let (old, new) = (try HTTPBackEnd(name: "old"), try HTTPBackEnd(name: "new"))
        defer {
            old.stop()
            new.stop()
        }
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([.local("1", old.port)])]))
            let file = try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8)
            let obstacle = device.file(name)
            try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: true)
            // With a reload, and without.
            let options = try ConnectionOptions(connectRetries: isReload ? 2 : 3)
            let wanted = try LoadBalancerSet([device.http([.local("1", new.port)], options: options)])
            let error = await #expect(throws: DriverError.self) { try await device.driver.apply(wanted) }
            #expect(error?.code == .stateUnwritable)
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "old")
            #expect(try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8) == file)
            try FileManager.default.removeItem(atPath: obstacle)
            try await device.driver.apply(wanted)
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "new")
        }
    }

    @Test
    func aPreviewStartsNothingAndLeavesNothing() async throws {
        try await withDevice { device in
            let set = try LoadBalancerSet([device.http([.local("1", FreePort.next())])])
            let difference = try await device.driver.preview(.apply(set))
            #expect(difference.contains("+    server id-1 127.0.0.1:"))
            #expect(try await device.processes() == nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: device.folder.path) == [])
        }
    }

    @Test
    func theReasonForANodeBeingDownIsPlain() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let monitor = try HealthMonitor(
                kind: .http,
                delay: 1,
                timeout: 1,
                attempts: 1,
                path: MonitorPath("/status/503")
            )
            let nodes = [try Node.local("refusing", FreePort.next()), try Node.local("failing", node.port)]
            try await device.driver.apply(LoadBalancerSet([device.http(nodes, monitor: monitor)]))
            try await eventually("both nodes are down") {
                try await device.driver.nodeStates().map(\.reason) == [
                    "connection refused (L4CON)", "status 503 (L7STS)",
                ]
            }
        }
    }

    @Test
    func theLogIsThatOfTheProxy() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let nodes = [try Node.local("1", node.port)]
            try await device.driver.apply(LoadBalancerSet([device.http(nodes), device.tcp(nodes)]))
            _ = try await HTTPClient(port: device.httpPort).get("/tcp-in/tcp-servers")
            _ = try await HTTPClient(port: device.tcpPort).get("/http-in")
            for (proxyKind, name) in [(ProxyKind.http, "http"), (.tcp, "tcp")] {
                try await eventually("the log has a line of \(name)") {
                    let log = try await device.driver.openLog()
                    let text = try log.lines(of: [LogPart(proxyKind)])[0].bytes
                    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
                    return lines.count == 1 && lines[0].contains("] \(name)-in \(name)-servers/id-1 ")
                }
            }
        }
    }
}
