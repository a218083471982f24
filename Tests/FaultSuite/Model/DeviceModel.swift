// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Which states the device may be in, by what clients have asked for and what they were answered.
///
/// A job that has no reply yet may be applied at any moment, and more than once: a job server hands a job out again when
/// the connection to the worker ends. After its reply it is applied no more. A job whose client has lost the connection may
/// be applied at any later moment, until ``settle()``.
package struct DeviceModel: Sendable {
    /// What the device serves.
    package struct State: Hashable, Sendable, CustomStringConvertible {
        /// The number of the UPDATE.
        package var version: Int
        package var isSuspended: Bool

        package init(version: Int, isSuspended: Bool) {
            self.version = version
            self.isSuspended = isSuspended
        }

        package var description: String { "\(isSuspended ? "suspended " : "")\(version)" }
    }

    /// What a client has asked for.
    package enum Change: Hashable, Sendable {
        case update(Int)
        case suspend
        case enable
    }

    /// How a change has ended for its client.
    package enum End: Sendable {
        case passed
        /// It failed, and the device serves what it served before.
        case failed
        /// It failed, and may have been applied before, when the job was handed out for the first time.
        case failedAgain
        /// There is no reply.
        case unknown
    }

    private struct World: Hashable {
        var state: State
        /// The changes in hand that have been applied.
        var applied: Set<Int> = []
    }

    private var worlds: Set<World>
    private var inHand: [Int: Change] = [:]
    private var unknown: Set<Change> = []
    private var readings: [Int: Set<State>] = [:]
    private var next = 0

    /// Creates a model of a device that serves an UPDATE.
    package init(version: Int) { worlds = [World(state: State(version: version, isSuspended: false))] }

    /// The states that the device may be in.
    package var states: Set<State> { Set(worlds.map(\.state)) }

    /// Takes note that a change is submitted.
    ///
    /// - Returns: The number to end it with.
    package mutating func begin(_ change: Change) -> Int {
        next += 1
        inHand[next] = change
        spread()
        return next
    }

    /// Takes note of a change's end.
    package mutating func end(_ number: Int, _ end: End) {
        guard let change = inHand.removeValue(forKey: number) else { return }
        switch end {
        case .passed: worlds = worlds.filter { $0.applied.contains(number) }
        case .failed: worlds = worlds.filter { !$0.applied.contains(number) }
        case .failedAgain: break
        case .unknown: unknown.insert(change)
        }
        worlds = Set(
            worlds.map { world in
                var world = world
                world.applied.remove(number)
                return world
            }
        )
        spread()
    }

    /// Takes note that a reading is submitted.
    package mutating func beginReading() -> Int {
        next += 1
        readings[next] = states
        return next
    }

    /// Takes note of a reading's end.
    ///
    /// - Returns: The states that the device may have been in meanwhile.
    package mutating func endReading(_ number: Int) -> Set<State> { readings.removeValue(forKey: number) ?? [] }

    /// Takes note that no job is under way any more, those without a client included.
    package mutating func settle() { unknown = [] }

    /// Takes note of a state that was read while nothing is under way.
    package mutating func observe(_ state: State) {
        guard inHand.isEmpty, unknown.isEmpty else { return }
        worlds = worlds.filter { $0.state == state }
    }

    /// Adds what the changes under way may lead to.
    private mutating func spread() {
        var fresh = Array(worlds)
        while let world = fresh.popLast() {
            for change in unknown { add(Self.apply(change, to: world, nil), &fresh) }
            for (number, change) in inHand { add(Self.apply(change, to: world, number), &fresh) }
        }
        let states = states
        for number in readings.keys { readings[number]?.formUnion(states) }
    }

    private mutating func add(_ world: World, _ fresh: inout [World]) {
        if worlds.insert(world).inserted { fresh.append(world) }
    }

    private static func apply(_ change: Change, to world: World, _ number: Int?) -> World {
        var world = world
        switch change {
        case .update(let version): world.state.version = version
        case .suspend: world.state.isSuspended = true
        case .enable: world.state.isSuspended = false
        }
        if let number { world.applied.insert(number) }
        return world
    }
}
