// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The possible states of the device, according to the clients' jobs and their replies.
///
/// A job without a reply may be applied at any time, and more than once: a job server assigns a job again when the
/// connection to the worker ends. After its reply it is no longer applied. A job whose client has lost the connection
/// may be applied at any later time, until ``settle()``.
package struct DeviceModel: Sendable {
    /// A state of the device.
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

    /// A change by a client.
    package enum Change: Hashable, Sendable {
        case update(Int)
        case suspend
        case enable
    }

    /// The result of a change for its client.
    package enum End: Sendable {
        case passed
        /// The change failed; the device serves its previous configuration.
        case failed
        /// The change failed, and an earlier assignment of the job may have been applied.
        case failedAgain
        /// There was no reply.
        case unknown
    }

    private struct World: Hashable {
        var state: State
        /// The current changes that have been applied.
        var applied: Set<Int> = []
    }

    private var worlds: Set<World>
    private var inHand: [Int: Change] = [:]
    private var unknown: Set<Change> = []
    private var readings: [Int: Set<State>] = [:]
    private var next = 0

    /// Creates a model of a device that serves an UPDATE.
    package init(version: Int) { worlds = [World(state: State(version: version, isSuspended: false))] }

    /// The possible states of the device.
    package var states: Set<State> { Set(worlds.map(\.state)) }

    /// Records the start of a change.
    ///
    /// - Returns: The number for ending it.
    package mutating func begin(_ change: Change) -> Int {
        next += 1
        inHand[next] = change
        spread()
        return next
    }

    /// Records the end of a change.
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

    /// Records the start of a reading.
    package mutating func beginReading() -> Int {
        next += 1
        readings[next] = states
        return next
    }

    /// Records the end of a reading.
    ///
    /// - Returns: The possible states of the device during the reading.
    package mutating func endReading(_ number: Int) -> Set<State> { readings.removeValue(forKey: number) ?? [] }

    /// Records that no job is running, including those without a client.
    package mutating func settle() { unknown = [] }

    /// Records a state that was read while no job was running.
    package mutating func observe(_ state: State) {
        guard inHand.isEmpty, unknown.isEmpty else { return }
        worlds = worlds.filter { $0.state == state }
    }

    /// Adds the possible results of the current changes.
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
