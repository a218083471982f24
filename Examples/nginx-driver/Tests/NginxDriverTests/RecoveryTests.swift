// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import NginxDriver
import SteelyardCore
import SteelyardTestSupport
import Testing

@Suite(.enabled(if: NginxUnderTest.isInstalled, "nginx and libnginx-mod-stream are not installed"))
struct RecoveryTests {
    @Test func theNextAgentAdoptsTheRunningNginx() async throws {
        let node = try NodeServer("a")
        defer { node.stop() }
        try await NginxUnderTest.run { nginx in
            let version = try ConfigurationVersion(5)
            let set = try LoadBalancerSet([nginx.ports.http([node.node("1")])], version: version)
            try await nginx.driver.apply(set)
            let processes = try nginx.processes().map(\.number).sorted()
            let next = try nginx.restarted()
            let running = Task { try await next.driver.run() }
            defer { running.cancel() }
            #expect(try await next.driver.configurationVersion() == version)
            try await next.driver.apply(set)
            #expect(try await next.driver.preview(.apply(set)) == "")
            #expect(try next.processes().map(\.number).sorted() == processes)
            #expect(await HTTP.get(port: nginx.ports.httpPort).body == "a")
            try await next.driver.delete()
            #expect(try next.processes().isEmpty)
        }
    }

    @Test func nginxIsStartedAgainAfterItsMasterWasKilled() async throws {
        let node = try NodeServer("a")
        defer { node.stop() }
        try await NginxUnderTest.run { nginx in
            let running = Task { try await nginx.driver.run() }
            defer { running.cancel() }
            try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http([node.node("1")])]))
            for count in 1...2 {
                let master = try nginx.master()
                kill(master, SIGKILL)
                try await eventually("nginx is restarted") {
                    let status = await nginx.driver.proxyStatus()
                    return try status?.unexpectedEnds == count && nginx.processes().contains { $0.title.isMaster }
                }
                #expect(await HTTP.get(port: nginx.ports.httpPort).body == "a")
            }
        }
    }

    @Test func theNextChangeStartsAnNginxThatHasEnded() async throws {
        let node = try NodeServer("a")
        defer { node.stop() }
        try await NginxUnderTest.run { nginx in
            let set = try LoadBalancerSet([nginx.ports.http([node.node("1")])])
            try await nginx.driver.apply(set)
            for process in try nginx.processes() { kill(process.number, SIGKILL) }
            try await eventually("nginx ends") { try nginx.processes().isEmpty }
            let error = await #expect(throws: DriverError.self) { try await nginx.driver.status() }
            #expect(error?.code == .notRunning)
            try await nginx.driver.apply(set)
            #expect(await HTTP.get(port: nginx.ports.httpPort).body == "a")
        }
    }

    @Test func aChangeThatCannotBeCommittedIsTakenBack() async throws {
        let (a, b) = (try NodeServer("a"), try NodeServer("b"))
        defer { for server in [a, b] { server.stop() } }
        try await NginxUnderTest.run { nginx in
            let version = try ConfigurationVersion(1)
            try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http([a.node("1")])], version: version))
            // A directory at the path of the temporary state file.
            let obstacle = nginx.directory + "/state.new"
            try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
            let error = await #expect(throws: DriverError.self) {
                try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http([b.node("2")])]))
            }
            #expect(error?.code == .stateUnwritable)
            #expect(try await nginx.driver.configurationVersion() == version)
            for _ in 0..<5 { #expect(await HTTP.get(port: nginx.ports.httpPort).body == "a") }
            try FileManager.default.removeItem(atPath: obstacle)
        }
    }

    @Test func aCorruptStateIsReported() async throws {
        try await NginxUnderTest.run { nginx in
            try await nginx.driver.apply(LoadBalancerSet([nginx.ports.http([])]))
            try Data("serving\n".utf8).write(to: URL(filePath: nginx.directory + "/state"))
            let error = #expect(throws: DriverError.self) { try nginx.restarted() }
            #expect(error?.code == .stateUnreadable)
        }
    }

    @Test func aListenerMovesBetweenOneAddressAndAll() async throws {
        let node = try NodeServer("a")
        defer { node.stop() }
        try await NginxUnderTest.run { nginx in
            for address in ["127.0.0.1", nil, "127.0.0.1", "0.0.0.0"] {
                let loadBalancer = try nginx.ports.http([node.node("1")], address: address)
                try await nginx.driver.apply(LoadBalancerSet([loadBalancer]))
                #expect(await HTTP.get(port: nginx.ports.httpPort).body == "a")
            }
        }
    }
}
