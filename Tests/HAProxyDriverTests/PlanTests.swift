// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Plans from one configuration to another, without HAProxy.
@Suite(.ownThread)
struct PlanTests {
    @Test
    func whatIsEqualIsLeftAlone() throws {
        var random = SetGenerator(seed: 1)
        for _ in 0..<300 {
            let rendered = PlanTests.render(try random.set())
            #expect(ChangePlan(from: RunningState(loaded: rendered), to: rendered) == .nothing)
        }
    }

    @Test
    func whatDoesNotRunIsStarted() throws {
        var random = SetGenerator(seed: 2)
        #expect(ChangePlan(from: nil, to: PlanTests.render(try random.set())) == .start)
    }

    @Test
    func anUnknownConfigurationIsReloaded() throws {
        var random = SetGenerator(seed: 3)
        let running = RunningState(configuration: nil, servers: [])
        let plan = ChangePlan(from: running, to: PlanTests.render(try random.set()))
        #expect(plan == .reload([.unknownConfiguration]))
    }

    /// Thousands of pairs, also with pools, persistence and TLS to nodes: the commands of a plan without a reload, run on a
    /// model of HAProxy, result in exactly the wanted configuration, and everything that commands cannot change is a
    /// reload.
    @Test
    func aPlanEndsWhereItShould() throws {
        var random = SetGenerator(seed: 4)
        var counts = (nothing: 0, runtime: 0, reload: 0)
        for _ in 0..<2700 {
            let old = try random.set()
            let new = try random.neighbour(of: old)
            let (before, after) = (PlanTests.render(old), PlanTests.render(new))
            let running = random.disturbed(RunningState(loaded: before))
            switch ChangePlan(from: running, to: after) {
            case .nothing:
                counts.nothing += 1
                let isThere = try ServerModel(running).matches(after)
                #expect(isThere)
            case .runtime(let changes):
                counts.runtime += 1
                var model = try ServerModel(running)
                for change in changes { try model.make(change) }
                let isThere = model.matches(after)
                #expect(isThere, "\(changes)")
                #expect(before.structure == after.structure)
            case .reload(let reasons):
                counts.reload += 1
                #expect(!reasons.isEmpty)
            case .restart, .start: Issue.record("it runs")
            }
        }
        #expect(counts.nothing > 50 && counts.runtime > 500 && counts.reload > 500, "\(counts)")
    }

    /// Changes that add capacity come before those that remove it.
    @Test
    func nothingIsTakenAwayBeforeSomethingElseIsThere() throws {
        var random = SetGenerator(seed: 5)
        for _ in 0..<1000 {
            let old = try random.set()
            let after = PlanTests.render(try random.neighbour(of: old))
            let plan = ChangePlan(from: RunningState(loaded: PlanTests.render(old)), to: after)
            guard case .runtime(let changes) = plan else { continue }
            let orders = changes.map(\.order)
            #expect(orders == orders.sorted())
        }
    }

    @Test
    func veryManyChangesAreAReload() throws {
        func set(_ weight: Int, _ count: Int) throws -> LoadBalancerSet {
            let nodes = try (1...count).map { try Node.local("\($0)", $0, weight: weight) }
            return try LoadBalancerSet([LoadBalancer(protocol: .http, port: Port(80), nodes: nodes)])
        }
        for (count, isReload) in [(500, false), (501, true), (1000, true)] {
            let running = RunningState(loaded: PlanTests.render(try set(1, count)))
            let plan = ChangePlan(from: running, to: PlanTests.render(try set(2, count)))
            #expect((plan == .reload([.manyChanges(count)])) == isReload)
        }
    }

    /// HAProxy compares dynamic cookies with one another.
    @Test
    func veryManyNodesHaveCookiesOfTheirOwn() throws {
        for (count, isOwn) in [(1000, false), (1001, true)] {
            let nodes = try (1...count).map { try Node.local("\($0)", $0) }
            let set = try LoadBalancerSet([LoadBalancer(protocol: .http, port: Port(80), nodes: nodes)])
            #expect(PlanTests.render(set).servers.allSatisfy { $0.hasOwnCookie == isOwn })
        }
    }

    /// HAProxy would make the same cookie for both, and accepts no other one for an added node.
    @Test
    func aSecondNodeAtOnePlaceHasACookieOfItsOwn() throws {
        func rendered(_ loadBalancer: ListenerProtocol, _ ports: [Int]) throws -> RenderedConfiguration {
            let nodes = try ports.enumerated().map { try Node.local("\($0 + 1)", $1) }
            return PlanTests.render(
                try LoadBalancerSet([LoadBalancer(protocol: loadBalancer, port: Port(80), nodes: nodes)])
            )
        }
        #expect(try rendered(.http, [1, 2, 1]).servers.map(\.hasOwnCookie) == [false, false, true])
        #expect(try rendered(.tcp, [1, 1]).servers.map(\.hasOwnCookie) == [false, false])
        let second = ServerName(BackendName(.http), try Identifier("2"))
        for (old, new) in [([1], [1, 1]), ([1, 2], [1, 1]), ([1, 1], [1, 2]), ([1, 1], [2, 1])] {
            let plan = ChangePlan(from: RunningState(loaded: try rendered(.http, old)), to: try rendered(.http, new))
            #expect(plan == .reload([.ownCookie(second)]), "\(old) to \(new): \(plan)")
        }
    }

    static func render(_ set: LoadBalancerSet) -> RenderedConfiguration {
        let facts = DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: nil)
        // The options are valid; other tests check that.
        guard let configuration = try? HAProxyConfiguration(stateDirectory: "/var/lib/steelyard") else {
            preconditionFailure("valid options are rejected")
        }
        return HAProxyRenderer(configuration, facts).render(set, isSuspended: false)
    }
}
