// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers

/// Injects the faults of a round; each one ends with a recovery.
struct FaultInjector: Sendable {
    let servers: [JobServerSite]
    let agent: AgentSite
    let haproxy: HAProxySite
    let store: StoreSite?

    /// Injects the faults of a schedule, and returns after the last one.
    func run(_ schedule: FaultSchedule) async throws {
        let begun = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for entries in schedule.byTarget {
                group.addTask {
                    for (time, action) in entries {
                        try await Task.sleep(until: begun + .seconds(time))
                        try await perform(action)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func perform(_ action: FaultAction) async throws {
        switch action {
        case .restartServer(let index, let signal, let pause):
            try await servers[index].restart(signal: signal, pause: pause)
        case .freezeServer(let index, let seconds): try await servers[index].freeze(seconds: seconds)
        case .weather(let index, let weather, let seconds):
            try await servers[index].weather(weather, seconds: seconds)
        case .strike(let index, let fault): await servers[index].strike(fault)
        case .restartAgent(let signal, let pause): try await agent.restart(signal: signal, pause: pause)
        case .freezeAgent(let seconds): try await agent.freeze(seconds: seconds)
        case .freezeHAProxy(let master, let seconds): try await haproxy.freeze(master: master, seconds: seconds)
        case .killHAProxy(let master, let signal): try await haproxy.kill(master: master, signal: signal)
        case .restartStore(let signal, let pause): try await store?.restart(signal: signal, pause: pause)
        case .freezeStore(let seconds): try await store?.freeze(seconds: seconds)
        }
    }
}
