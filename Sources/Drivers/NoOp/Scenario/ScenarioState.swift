// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The scenario in use, and how many messages of each action it has had.
struct ScenarioState {
    /// What a scenario does to one message.
    struct Effects: Sendable {
        var milliseconds = 0
        var error: DriverError?
        var nodes: [Scenario.NodeRule] = []
        var bytes: [Scenario.BytesRule] = []
    }

    private var file: ScenarioFile
    private var counts: [ActionKind: Int] = [:]

    init(file: ScenarioFile) { self.file = file }

    /// Counts a message.
    ///
    /// A scenario that was changed counts anew, from this message on.
    ///
    /// - Returns: What the scenario does to the message.
    /// - Throws: `DriverError` for a file that cannot be used.
    mutating func begin(_ action: ActionKind) throws(DriverError) -> Effects {
        do throws(ScenarioError) { if try file.refresh() { counts = [:] } } catch {
            throw DriverError(.unavailable, "the scenario cannot be used: \(error)")
        }
        counts[action, default: 0] += 1
        let count = counts[action] ?? 0
        let total = counts.values.reduce(0, +)
        func holds(_ rule: ActionKind?, _ span: RuleSpan) -> Bool {
            rule.map { $0 == action && span.holds(for: count) } ?? span.holds(for: total)
        }
        let scenario = file.scenario
        return Effects(
            milliseconds: scenario.delays.first { holds($0.action, $0.span) }?.milliseconds ?? 0,
            error: scenario.failures.first { holds($0.action, $0.span) }?.error,
            nodes: scenario.nodes.filter { $0.span.holds(for: count) },
            bytes: scenario.bytes.filter { $0.span.holds(for: count) }
        )
    }
}
