// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestServers

extension SuiteRun {
    /// The time until the agent must have released its additional resources, in seconds.
    private static let leakLimit = 60.0

    /// Runs all clients without faults, and measures the agent's resources.
    func warmUp() async throws {
        chronicle.note("warming up, seed \(settings.seed)")
        startClients(seed: settings.seed)
        try await Task.sleep(for: .seconds(2))
        let (counts, _) = try await calm()
        try await compareMeter(counts, isExact: true, profile: "warm-up")
        try await compareArchive(counts)
        let baseline = await gauge()
        found.withLock { $0.baseline = baseline }
    }

    /// Executes one round: faults, recovery and the comparison.
    func make(_ round: FaultSuiteSettings.Round, _ generator: inout SeededGenerator) async throws {
        let schedule = FaultSchedule(
            round.profile,
            seconds: round.seconds,
            rate: settings.rate,
            servers: servers.count,
            hasStore: store != nil,
            hasSilence: settings.hasSilence,
            &generator
        )
        chronicle.note("round: \(round.profile.rawValue), \(schedule.entries.count) faults")
        let begun = chronicle.clock.now
        startClients(seed: generator.next())
        let injector = FaultInjector(servers: servers, agent: agent, haproxy: haproxy, store: store)
        try await injector.run(schedule)
        chronicle.note("calm")
        let (counts, version) = try await calm()
        let metered = try await compareMeter(
            counts,
            isExact: round.profile != .device,
            profile: round.profile.rawValue
        )
        let lines = try await compareArchive(counts)
        let held = try await compareHoldings()
        chronicle.note("compared; UPDATE \(version) is served")
        found.withLock { found in
            found.rounds.append(
                SuiteReport.Round(
                    profile: round.profile.rawValue,
                    seconds: chronicle.clock.now - begun,
                    metered: metered.bytes,
                    received: counts.bytes,
                    tolerance: metered.tolerance,
                    repeatedReports: metered.repeated,
                    lostReports: metered.gaps,
                    requests: counts.answered.count,
                    archivedLines: lines,
                    held: held
                )
            )
        }
    }

    /// Deletes the device and ends the agent.
    func delete() async throws {
        let isDeleted = try await client { client, context in
            let message = context.messages.plain("DELETE", tag: context.nextTag())
            if case .passed = client.run(message, on: 0).end { return true }
            return false
        }
        if !isDeleted { chronicle.violate("DELETE did not pass") }
        await require("HAProxy ends after the DELETE", within: 15) { [haproxy] in
            let left = haproxy.processes()
            return left.masters.isEmpty && left.workers.isEmpty
        }
        try await agent.stop()
    }

    private func startClients(seed: UInt64) {
        let messages = context.messages
        traffic.start(ports: [("http", messages.httpPort, 4), ("tcp", messages.tcpPort, 2)], seed: seed)
        clients.start(seed: seed)
    }

    /// Stops all clients, and ensures that the agent answers on each job server and serves the last UPDATE.
    ///
    /// - Returns: The bytes that the HTTP clients received, and the number of the served UPDATE.
    private func calm() async throws -> (Traffic.Counts, version: Int) {
        try await clients.stop()
        for index in servers.indices {
            let isAnswered = try await client { client, context in
                let message = context.messages.plain("DISCOVER", tag: context.nextTag())
                if case .passed = client.run(message, on: index, excuses: .none).end { return true }
                return false
            }
            // Otherwise no comparison is possible.
            guard isAnswered else { throw ServerFailure("the agent answers no jobs of gearmand \(index + 1)") }
        }
        // Changes run in the order of their arrival: after this one, no earlier one is pending.
        let version = context.nextVersion()
        let isServed = try await client { client, context in
            let end = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < end {
                let update = context.messages.update(version, tag: context.nextTag())
                guard client.change(.update(version), update, on: 0, context) else { continue }
                let enable = context.messages.plain("ENABLE", tag: context.nextTag())
                if client.change(.enable, enable, on: 1, context) { return true }
            }
            return false
        }
        guard isServed else { throw ServerFailure("no UPDATE passes after the recovery") }
        context.model.withLock { $0.settle() }
        try await compareState(version)
        try await traffic.stop()
        return (traffic.take(), version)
    }

    /// Compares the device's configuration with the last UPDATE.
    private func compareState(_ version: Int) async throws {
        for index in servers.indices {
            let state = try await client { client, context in client.readStatistics(on: index, context) }
            if state?.version != version || state?.isSuspended != false {
                let text = state.map(\.description) ?? "nothing"
                chronicle.violate("STATS on gearmand \(index + 1) reports \(text) instead of UPDATE \(version)")
            }
        }
        let answers = (try? await traffic.sample(port: context.messages.httpPort, requests: 6)) ?? []
        let serving = Set((0..<2).filter { index in answers.contains { $0.hasSuffix("backend \(index)") } })
        let expected = context.messages.servingBackEnds(version)
        if serving != expected {
            chronicle.violate("the backends \(serving) answer; UPDATE \(version) has \(expected)")
        }
    }

    /// Waits until the agent uses no more resources than before the faults.
    private func compareHoldings() async throws -> LeakGauge {
        let baseline = found.withLock { $0.baseline } ?? LeakGauge()
        let end = ContinuousClock.now + .seconds(Self.leakLimit)
        while true {
            let now = await gauge()
            let excess = now.excess(over: baseline)
            if excess.isEmpty { return now }
            guard ContinuousClock.now < end else {
                for text in excess { chronicle.violate("the agent uses more resources than before: \(text)") }
                return now
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func gauge() async -> LeakGauge {
        LeakGauge.read(agent: await agent.pid ?? 0, haproxy: haproxy, stateFolder: agent.stateFolder)
    }

    private func require(_ what: String, within seconds: Double, _ condition: @Sendable () -> Bool) async {
        do { try await eventually(what, within: seconds, condition) } catch { chronicle.violate("\(error)") }
    }
}
