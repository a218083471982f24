// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import TestServers
import Testing

@testable import HAProxyDriver

/// The version of the configuration is committed with the configuration.
@Suite(Requirement.haproxy.trait)
struct VersionTests {
    private func version(_ number: Int) throws -> ConfigurationVersion { try ConfigurationVersion(number) }

    @Test
    func itOutlivesTheAgentServingSuspendedAndNotDeleted() async throws {
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([])], version: version(5)))
            #expect(try await device.restarted().configurationVersion() == version(5))
            try await device.driver.suspend()
            #expect(try await device.restarted().configurationVersion() == version(5))
            try await device.driver.apply(LoadBalancerSet([device.tcp([])], version: version(.max)))
            let next = try device.restarted()
            #expect(try await next.configurationVersion() == version(.max))
            try await next.enable()
            #expect(try await device.restarted().configurationVersion() == version(.max))
            try await next.apply(LoadBalancerSet([device.tcp([])]))
            #expect(try await device.restarted().configurationVersion() == nil)
            try await next.apply(LoadBalancerSet([device.tcp([])], version: version(6)))
            try await next.delete()
            #expect(try await device.restarted().configurationVersion() == nil)
        }
    }

    /// HAProxy is not changed, and the device stays suspended if it is.
    @Test(arguments: [false, true])
    func aNewVersionAloneTouchesNoTraffic(isSuspended: Bool) async throws {
        let node = try HTTPBackEnd(name: "node")
        defer { node.stop() }
        try await withDevice { device in
            func set(_ number: Int) throws -> LoadBalancerSet {
                try LoadBalancerSet([device.http([.local("1", node.port)])], version: version(number))
            }
            try await device.driver.apply(set(1))
            if isSuspended { try await device.driver.suspend() }
            let before = try await device.processes()
            let file = try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8)
            for number in [2, 2, 3] {
                try await device.driver.apply(set(number))
                #expect(try await device.restarted().configurationVersion() == version(number))
            }
            #expect(try await device.processes() == before)
            #expect(try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8) == file)
            if isSuspended {
                #expect(try await device.driver.status() == .suspended)
                #expect(try await !LoopbackSocket.accepts(device.httpPort))
                try await device.driver.enable()
            }
            #expect(try await HTTPClient(port: device.httpPort).get("/").text == "node")
            #expect(try await device.driver.configurationVersion() == version(3))
        }
    }

    /// The difference, and therefore the plan.
    enum Difference: CaseIterable {
        case version, weight, options
    }

    @Test(arguments: Difference.allCases)
    func aFailedUpdateLeavesTheOldVersion(difference: Difference) async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            func set(_ number: Int) throws -> LoadBalancerSet {
                let weight = number == 2 && difference == .weight ? 7 : 1
                let options = try ConnectionOptions(connectRetries: number == 2 && difference == .options ? 7 : 1)
                let nodes = [try Node.local("1", node.port, weight: weight)]
                return try LoadBalancerSet([device.http(nodes, options: options)], version: version(number))
            }
            try await device.driver.apply(set(1))
            // A folder in place of the state's temporary file.
            let obstacle = device.file("state.json.new")
            try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: true)
            let error = await #expect(throws: DriverError.self) { try await device.driver.apply(set(2)) }
            #expect(error?.code == .stateUnwritable)
            #expect(try await device.driver.configurationVersion() == version(1))
            #expect(try await device.restarted().configurationVersion() == version(1))
            try FileManager.default.removeItem(atPath: obstacle)
            try await device.driver.apply(set(2))
            #expect(try await device.driver.configurationVersion() == version(2))
        }
    }

    @Test
    func itIsKnownWhereHAProxyDoesNotRun() async throws {
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([])], version: version(5)))
            let master = try #require(try await device.processes()?.master)
            ProcessHandle(master)?.send(SIGKILL)
            try await eventually("HAProxy has ended") { ProcessHandle.startTime(of: master) == nil }
            #expect(try await device.driver.configurationVersion() == version(5))
            // A recovery renders and commits the state, including the version.
            let next = try device.restarted()
            try FileManager.default.removeItem(atPath: device.file("haproxy.cfg"))
            try await supervised(next) {
                try await eventually("HAProxy runs again") { (try? await device.processes())?.worker != nil }
            }
            #expect(try await device.restarted().configurationVersion() == version(5))
        }
    }

    /// In the format of every agent before this one.
    @Test
    func aStateWithoutAVersionIsRead() async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let set = try LoadBalancerSet([device.http([.local("1", node.port)])], version: version(5))
            try await device.driver.apply(set)
            let processes = try await device.processes()
            let file = device.file("state.json")
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let old = text.replacing("\"config_version\":5,\n", with: "")
            #expect(old.utf8.count < text.utf8.count)
            try old.write(toFile: file, atomically: true, encoding: .utf8)
            let next = try device.restarted()
            #expect(try await next.nodeStates().count == 1)
            #expect(try await next.configurationVersion() == nil)
            try await next.apply(set.with(version: version(1)))
            #expect(try await device.restarted().configurationVersion() == version(1))
            #expect(try await device.processes() == processes)
        }
    }
}
