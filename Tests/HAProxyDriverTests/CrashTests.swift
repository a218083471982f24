// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import Subprocess
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// An agent that is killed during an UPDATE, at each step.
@Suite(Requirement.haproxy.trait)
struct CrashTests {
    /// How HAProxy is changed.
    enum Way: String, CaseIterable {
        case start, reload, runtime
    }

    /// What happens to HAProxy itself.
    enum Aftermath: CaseIterable {
        /// It continues to run, and the next agent finds it.
        case survives
        /// It ends with the agent, as after a power failure.
        case ends
    }

    private static let reloading: [ChangeStep] = [
        .checked, .lastGoodKept, .fileWritten, .statesWritten, .served, .metered, .committed,
    ]
    private static let running: [ChangeStep] = [.prepared, .begun, .changed, .fileReplaced, .stateReplaced]

    @Test
    func everyStepIsTried() {
        #expect(Set(Self.reloading + Self.running) == Set(ChangeStep.allCases))
    }

    @Test(arguments: reloading, Aftermath.allCases)
    func duringAReload(step: ChangeStep, aftermath: Aftermath) async throws {
        try await crash(at: step, .reload, aftermath)
    }

    @Test(arguments: running, Aftermath.allCases)
    func withoutAReload(step: ChangeStep, aftermath: Aftermath) async throws {
        try await crash(at: step, .runtime, aftermath)
    }

    @Test(arguments: reloading)
    func duringTheFirstUpdate(step: ChangeStep) async throws {
        try await crash(at: step, .start, .survives)
    }

    /// Many commands of one change are sent in several lines: some are executed, and the others are not.
    @Test
    func amongTheCommands() async throws {
        let back = try BackEnds(["one", "two"])
        defer { back.stop() }
        try await withDevice { device in
            func set(_ weight: Int, _ version: Int) throws -> LoadBalancerSet {
                let nodes = try ["one", "two"].map { try Node.local($0, back.port($0), weight: weight) }
                return try LoadBalancerSet([device.http(nodes)], version: ConfigurationVersion(version))
            }
            try await device.driver.apply(set(1, 1))
            for command in RuntimeMark.changing.commands.map(\.text) + ["set server http-servers/id-one weight 5"] {
                try await device.command("experimental-mode on; \(command)")
            }
            let next = try device.restarted()
            try await supervised(next) {
                try await eventually("the old state is served") {
                    guard let servers = try? await device.servers() else { return false }
                    return servers.map(\.weight) == [1, 1]
                }
                try await next.apply(set(7, 2))
                #expect(try await device.servers().map(\.weight) == [7, 7])
            }
        }
    }

    private func crash(at step: ChangeStep, _ way: Way, _ aftermath: Aftermath) async throws {
        let back = try BackEnds(["one", "two", "three", "four"])
        defer { back.stop() }
        try await withDevice { device in
            func nodes(_ names: [String]) throws -> [Node] {
                try names.map { try .local($0 == "two" ? "one" : $0, back.port($0)) }
            }
            func set(_ names: [String], version: Int, retries: Int = 3) throws -> LoadBalancerSet {
                let options = try ConnectionOptions(connectRetries: retries)
                let networks = ["127.0.0.0/8", "10.\(version).0.0/16"].compactMap { IPNetwork($0) }
                let access = try ClientAccess(allowedNetworks: networks)
                return try LoadBalancerSet(
                    [device.http(nodes(names), options: options, access: access), device.tcp(nodes(names))],
                    version: ConfigurationVersion(version)
                )
            }
            let old = try set(["one", "three"], version: 1)
            // One node is moved, one removed, one added.
            let new = try set(["two", "four"], version: 2, retries: way == .reload ? 5 : 3)
            if way != .start { try await device.driver.apply(old) }
            try await applyInAnAgentThatIsKilled(device, new, step)
            if aftermath == .ends, let table = try await device.processes() {
                let handles = [table.worker, table.master].compactMap { $0.flatMap { ProcessHandle($0) } }
                ProcessHandle(table.master)?.send(SIGKILL)
                // The worker answers until it has noticed the signal.
                for handle in handles { #expect(try await blocking { handle.waitForEnd(by: .after(.seconds(30))) }) }
            }

            let next = try device.restarted()
            try await supervised(next) {
                let isOld = try await eventuallyServes(next, way == .start ? nil : old, new)
                if !isOld || way != .start { try await expectServed(device, isOld ? old : new, isOld) }
                let oldVersion = way == .start ? nil : old.version
                #expect(try await next.configurationVersion() == (isOld ? oldVersion : new.version))
                let last = try set(["three"], version: 3)
                try await next.apply(last)
                #expect(try await HTTPClient(port: device.httpPort).get("/").text == "three")
            }
        }
    }

    private func applyInAnAgentThatIsKilled(
        _ device: DeviceUnderTest,
        _ set: LoadBalancerSet,
        _ step: ChangeStep
    ) async throws {
        let message = device.folder.deletingLastPathComponent().appending(path: "message.json")
        try Data(set.message).write(to: message)
        let program = Environment.buildFolder.appending(path: "apply-crasher").path
        let result = try await Subprocess.run(
            .path(FilePath(program)),
            arguments: [device.folder.path, message.path, step.rawValue],
            output: .discarded,
            error: .string(limit: 1 << 20)
        )
        #expect(result.terminationStatus == .signaled(SIGKILL), "\(result.standardError)")
    }

    /// - Returns: Whether the device serves the old configuration.
    private func eventuallyServes(
        _ driver: HAProxyDriver,
        _ old: LoadBalancerSet?,
        _ new: LoadBalancerSet
    ) async throws
        -> Bool
    {
        func ids(_ set: LoadBalancerSet?) -> [Identifier] { set?.loadBalancers.flatMap { $0.nodes.map(\.id) } ?? [] }
        var isOld = false
        try await eventually("the device serves the old state or the new one") {
            switch try? await driver.status() {
            case .notConfigured where old == nil:
                isOld = true
                return true
            case .serving(let nodes):
                isOld = nodes.map(\.id) == ids(old)
                return isOld || nodes.map(\.id) == ids(new)
            default: return false
            }
        }
        return isOld
    }

    private func expectServed(_ device: DeviceUnderTest, _ set: LoadBalancerSet, _ isOld: Bool) async throws {
        let rendered = HAProxyRenderer(device.configuration).render(set, isSuspended: false)
        try await eventually("HAProxy runs exactly this configuration") {
            guard let servers = try? await device.servers() else { return false }
            return ChangePlan(from: RunningState(configuration: rendered, servers: servers), to: rendered) == .nothing
        }
        try await eventually("it is on disk") {
            try String(contentsOfFile: device.file("haproxy.cfg"), encoding: .utf8) == rendered.text
                && rendered.lists.allSatisfy { try Data(contentsOf: URL(filePath: $0.path.text)) == Data($0.bytes) }
        }
        for list in rendered.lists {
            let entries = try await device.command("show acl \(list.path.text)").split(separator: "\n")
            #expect(
                Set(entries.compactMap { $0.split(separator: " ").last })
                    == Set(list.networks.map { Substring("\($0)") })
            )
        }
        var answers: Set<String> = []
        for _ in 0..<8 { answers.insert(try await HTTPClient(port: device.httpPort).get("/").text) }
        #expect(answers == (isOld ? ["one", "three"] : ["two", "four"]))
    }
}
