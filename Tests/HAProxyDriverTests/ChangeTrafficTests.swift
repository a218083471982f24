// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// Clients do not notice changes.
@Suite(Requirement.haproxy.trait)
struct ChangeTrafficTests {
    /// An idle client's connection is open during a reload; a client with a cookie returns to a draining node.
    ///
    /// All clients pause, since other tests run at the same time.
    private static let clients = (0..<64).map { number in
        HTTPLoad.Manner(
            keepsAlive: number < 32,
            keepsCookie: number.isMultiple(of: 2),
            rest: number % 8 == 7 ? .milliseconds(100) : .milliseconds(30)
        )
    }

    @Test
    func changesOfAllKindsBreakNoRequest() async throws {
        let requests = 50_000
        try await withDevice { device in
            let ports = [try FreePort.next(), try FreePort.next()]
            var sequence = ChangeSequence(device, nodePorts: ports, tcpPorts: [device.tcpPort, try FreePort.next()])
            let first = try sequence.begin()
            let steps = try sequence.steps(rounds: 8)
            #expect(steps.count == 200)
            let binary = device.configuration.settings.binary.string
            try await HAProxyBackEnds.run(
                binary: binary,
                addresses: ChangeSequence.addresses,
                ports: ports,
                in: device.folder.deletingLastPathComponent()
            ) {
                try await supervised(device.driver) {
                    try await device.driver.apply(first)
                    let load = HTTPLoad(port: device.httpPort, body: HAProxyBackEnds.body, clients: Self.clients)
                    let failure = await Self.make(steps, after: first, on: device, under: load, requests)
                    let tally = try await load.stop()
                    if let failure { throw failure }
                    #expect(tally.failures == [])
                    #expect(tally.answers >= requests)
                    // Unless reloads met persistent clients, this test proves less than it seems to.
                    #expect(tally.announcedEnds > 0)
                }
            }
        }
    }

    /// Makes the changes, each after its share of the requests.
    ///
    /// - Returns: The error, so that the clients are stopped in any case.
    private static func make(
        _ steps: [ChangeSequence.Step],
        after first: LoadBalancerSet,
        on device: DeviceUnderTest,
        under load: HTTPLoad,
        _ requests: Int
    ) async -> (any Error)? {
        let renderer = HAProxyRenderer(device.configuration)
        var before = renderer.render(first, isSuspended: false)
        var reloads = 0
        do {
            for (index, step) in steps.enumerated() {
                try await eventually("the clients get responses before \(step.name)", within: 60) {
                    load.now.answers >= requests * (index + 1) / steps.count
                }
                let after = renderer.render(step.set, isSuspended: false)
                #expect(cost(from: before, to: after) == step.cost, "\(step.name)")
                let expected = reloads + (step.cost == .reload ? 1 : 0)
                load.note(step.name)
                try await device.driver.apply(step.set)
                reloads = try await device.processes()?.reloads ?? -1
                #expect(reloads == expected, "\(step.name)")
                before = after
            }
        } catch { return error }
        return nil
    }

    private static func cost(from old: RenderedConfiguration, to new: RenderedConfiguration) -> ChangeSequence.Cost? {
        switch ChangePlan(from: RunningState(loaded: old), to: new) {
        case .nothing: .nothing
        case .runtime: .commands
        case .reload: .reload
        case .restart, .start: nil
        }
    }
}
