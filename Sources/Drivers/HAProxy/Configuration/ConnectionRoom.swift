// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The connections that HAProxy can have at a time, and those that are asked for.
struct ConnectionRoom: Hashable, Sendable {
    /// What `haproxy.max_connections` asks for.
    let asked: Int
    /// The connections that the file descriptors suffice for, 0 to `asked`.
    let possible: Int
    private let needed: Int
    private let descriptorLimit: Int?

    /// With fewer connections, an UPDATE fails.
    private static let least = 100
    /// From here on, the number is rounded down, so that a new node seldom changes `maxconn`, which takes a reload.
    private static let roundedFrom = 1024
    private static let step = 64

    /// - Parameter descriptorLimit: The most descriptors that HAProxy can have; nil where that is enough in any case.
    init(asked: Int, nodes: Int, threads: Int, descriptorLimit: Int?) {
        // HAProxy 2.6 counts two for each connection, one for each node's check, two for each thread, and 41. The rest is
        // for descriptors that it does not count, such as listeners of an old worker.
        let own = nodes + 64 + 2 * threads
        self.asked = asked
        self.descriptorLimit = descriptorLimit
        needed = 2 * asked + own
        let room = descriptorLimit.map { max(0, ($0 - own) / 2) } ?? asked
        possible = room >= asked ? asked : room < Self.roundedFrom ? room : room - room % Self.step
    }

    /// A sentence for the operator if fewer connections are possible than asked for; else nil.
    var shortage: String? {
        guard possible < asked, let descriptorLimit else { return nil }
        return "only \(possible) of \(asked) connections are possible with \(descriptorLimit) open files; raise "
            + "LimitNOFILE= or ulimit -n to \(needed), or lower haproxy.max_connections"
    }

    /// Checks that enough connections are possible.
    ///
    /// - Throws: `DriverError` where less than 100 connections are possible, and less than are asked for.
    func require() throws(DriverError) {
        guard possible < min(asked, Self.least), let shortage else { return }
        throw DriverError(.unavailable, shortage)
    }
}
