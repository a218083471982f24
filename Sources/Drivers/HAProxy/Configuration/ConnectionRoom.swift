// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// How many connections HAProxy can have at a time, and how many are asked for.
struct ConnectionRoom: Hashable, Sendable {
    /// What `haproxy.max_connections` asks for.
    let asked: Int
    /// As many of them as there are descriptors for; 0 where there are none.
    let possible: Int
    private let needed: Int
    private let descriptorLimit: Int?

    /// With fewer, a device is not worth being called one that serves.
    private static let least = 100
    /// From here on, the room is rounded down, so that a node more is seldom another `maxconn`, which takes a reload.
    private static let roundedFrom = 1024
    private static let step = 64

    /// - Parameter descriptorLimit: The most descriptors that HAProxy can have; nil where that is enough in any case.
    init(asked: Int, nodes: Int, threads: Int, descriptorLimit: Int?) {
        // HAProxy 2.6 counts, besides two for each connection and one for each node's check, 41 and two for each thread. It
        // does not count such as the listeners that an old worker hands over.
        let own = nodes + 64 + 2 * threads
        self.asked = asked
        self.descriptorLimit = descriptorLimit
        needed = 2 * asked + own
        let room = descriptorLimit.map { max(0, ($0 - own) / 2) } ?? asked
        possible = room >= asked ? asked : room < Self.roundedFrom ? room : room - room % Self.step
    }

    /// What an operator should know where there are fewer than asked for; nil where there are not.
    var shortage: String? {
        guard possible < asked, let descriptorLimit else { return nil }
        return "only \(possible) of \(asked) connections are possible with \(descriptorLimit) open files; raise LimitNOFILE= or "
            + "ulimit -n to \(needed), or lower haproxy.max_connections"
    }

    /// Checks that there is room for a device that is of use.
    ///
    /// - Throws: `DriverError` where less than 100 connections are possible, and less than are asked for.
    func require() throws(DriverError) {
        guard possible < min(asked, Self.least), let shortage else { return }
        throw DriverError(.unavailable, shortage)
    }
}
