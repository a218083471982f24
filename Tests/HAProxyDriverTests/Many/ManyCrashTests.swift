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

/// An agent that is killed while names with ids replace those without, or the reverse.
@Suite(Requirement.haproxy.trait)
struct ManyCrashTests {
    private static let reloading: [ChangeStep] = [
        .checked, .lastGoodKept, .fileWritten, .statesWritten, .served, .metered, .committed,
    ]
    private static let running: [ChangeStep] = [.prepared, .changed, .fileReplaced, .stateReplaced]

    private typealias Change = (old: [String], new: [String])

    @Test(arguments: reloading, CrashTests.Aftermath.allCases)
    func fromOneToTwo(step: ChangeStep, aftermath: CrashTests.Aftermath) async throws {
        try await crash(at: step, aftermath, (["web"], ["web", "api"]))
    }

    @Test(arguments: reloading, CrashTests.Aftermath.allCases)
    func fromTwoToOne(step: ChangeStep, aftermath: CrashTests.Aftermath) async throws {
        try await crash(at: step, aftermath, (["web", "api"], ["api"]))
    }

    /// `late` takes the proxies of `web`: only the state and the log's owners change.
    @Test(arguments: running, [CrashTests.Aftermath.survives])
    func fromOneToAnother(step: ChangeStep, aftermath: CrashTests.Aftermath) async throws {
        try await crash(at: step, aftermath, (["web"], ["late"]))
    }

    private func crash(at step: ChangeStep, _ aftermath: CrashTests.Aftermath, _ change: Change) async throws {
        let node = try HTTPBackEnd()
        defer { node.stop() }
        try await withDevice { device in
            let ports = ["web": device.httpPort, "api": device.tcpPort, "late": device.httpPort]
            func set(_ ids: [String], _ version: Int) throws -> LoadBalancerSet {
                try LoadBalancerSet(
                    ids.map { try device.named($0, port: ports[$0] ?? 0, [.local("1", node.port)]) },
                    version: ConfigurationVersion(version)
                )
            }
            let received = Received()
            var paths: [LoadBalancerKey: [String]] = [:]
            func request(_ ids: [String], _ round: String) async throws {
                for id in ids {
                    let path = "/for-\(id)-\(round)"
                    try await received.get(path, .http(id), ports[id] ?? 0)
                    paths[try .http(id), default: []].append(path)
                }
            }
            // The device has had ids before.
            try await device.driver.apply(set(["web", "api"], 1))
            try await request(["web", "api"], "1")
            try await device.driver.apply(set(change.old, 2))
            try await request(change.old, "2")

            let message = device.folder.deletingLastPathComponent().appending(path: "message.json")
            try Data(set(change.new, 3).message).write(to: message)
            let result = try await Subprocess.run(
                .path(FilePath(Environment.buildFolder.appending(path: "apply-crasher").path)),
                arguments: [device.folder.path, message.path, step.rawValue],
                output: .discarded,
                error: .string(limit: 1 << 20)
            )
            #expect(result.terminationStatus == .signaled(SIGKILL), "\(result.standardError)")
            if aftermath == .ends, let table = try await device.processes() {
                let handles = [table.worker, table.master].compactMap { $0.flatMap { ProcessHandle($0) } }
                ProcessHandle(table.master)?.send(SIGKILL)
                for handle in handles { #expect(try await blocking { handle.waitForEnd(by: .after(.seconds(30))) }) }
            }

            let next = try device.restarted()
            try await supervised(next) {
                try await eventually("the device serves the old state or the new one") {
                    let served = try? await next.nodeStates().compactMap { $0.loadBalancer?.description }
                    return served == change.old || served == change.new
                }
                try await next.apply(set(change.new, 4))
                try await request(change.new, "4")
                try await next.apply(set(["web", "api"], 5))
                try await request(["web", "api"], "5")
                try await expectExact(next, received)
                let keys = Array(paths.keys)
                try await eventually("each has its lines") {
                    let archived = try await device.archived(keys, by: next)
                    return keys.allSatisfy { ManyLogTests.paths(archived[$0, default: ""]) == paths[$0] }
                }
            }
        }
    }
}
