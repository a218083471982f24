// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The events of a run: the injected faults with their times, and the violations.
package final class Chronicle: Sendable {
    /// The target of a fault.
    package enum Target: Hashable, Sendable, CustomStringConvertible {
        case server(Int)
        case link(Int)
        case agent
        case haproxy
        case store

        package var description: String {
            switch self {
            case .server(let index): "gearmand \(index + 1)"
            case .link(let index): "link \(index + 1)"
            case .agent: "agent"
            case .haproxy: "HAProxy"
            case .store: "store"
            }
        }
    }

    /// One fault, from its start to the recovery.
    package struct Disturbance: Sendable {
        package let target: Target
        package let name: String
        package let from: Double
        package var to: Double = .infinity

        package func overlaps(_ begin: Double, _ end: Double, lag: Double) -> Bool { from <= end && to + lag >= begin }
    }

    private struct State {
        var disturbances: [Disturbance] = []
        var violations: [String] = []
        var faults: [String: Int] = [:]
    }

    package let clock: SuiteClock
    private let state = Mutex(State())
    private let output: @Sendable (String) -> Void

    /// - Parameter output: Receives each line immediately.
    package init(clock: SuiteClock = SuiteClock(), output: @escaping @Sendable (String) -> Void = { _ in }) {
        self.clock = clock
        self.output = output
    }

    package var violations: [String] { state.withLock { $0.violations } }
    /// The number of injections of each fault.
    package var faults: [String: Int] { state.withLock { $0.faults } }

    /// Records the start of a fault.
    ///
    /// - Returns: The number for ending it.
    package func begin(_ target: Target, _ name: String) -> Int {
        let now = clock.now
        note("\(target): \(name)")
        return state.withLock { state in
            state.disturbances.append(Disturbance(target: target, name: name, from: now))
            let kind = name.prefix { $0 != "," }
            state.faults["\(Self.kind(of: target)): \(kind)", default: 0] += 1
            return state.disturbances.count - 1
        }
    }

    /// Records the recovery.
    package func end(_ number: Int) {
        let now = clock.now
        state.withLock { $0.disturbances[number].to = now }
    }

    /// The faults that overlap a period.
    ///
    /// - Parameter lag: How many seconds after its end a fault may still have an effect.
    package func disturbances(
        of targets: Set<Target>,
        from begin: Double,
        to end: Double,
        lag: Double
    ) -> [Disturbance] {
        state.withLock { state in
            state.disturbances.filter { targets.contains($0.target) && $0.overlaps(begin, end, lag: lag) }
        }
    }

    package func violate(_ text: String) {
        let line = "\(stamp) VIOLATION \(text)"
        state.withLock { $0.violations.append(line) }
        output(line)
    }

    package func note(_ text: String) { output("\(stamp) \(text)") }

    private var stamp: String {
        let hundredths = Int(clock.now * 100)
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    private static func kind(of target: Target) -> String {
        switch target {
        case .server: "gearmand"
        case .link: "link"
        default: target.description
        }
    }
}
