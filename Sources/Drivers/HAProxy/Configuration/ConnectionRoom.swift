// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The possible and the requested number of concurrent connections.
struct ConnectionRoom: Hashable, Sendable {
    /// The value of `haproxy.max_connections`.
    let asked: Int
    /// The number of connections that the file descriptors allow, 0 to `asked`.
    let possible: Int
    private let needed: Int
    private let descriptorLimit: Int?

    /// With fewer connections, an UPDATE fails.
    private static let least = 100
    /// From here, the number is rounded down, so that a new node seldom changes `maxconn`, which needs a reload.
    private static let roundedFrom = 1024
    private static let step = 64

    /// - Parameter descriptorLimit: The limit of HAProxy's file descriptors; nil if it is always enough.
    init(asked: Int, nodes: Int, loadBalancers: Int = 1, threads: Int, descriptorLimit: Int?) {
        // HAProxy 2.6 counts two for each connection, one for each node's check, two for each thread, two for each load
        // balancer, and 117, of which 100 are for `stats maxconn`. The rest is for descriptors that it does not count,
        // such as the listeners of an old worker.
        // Beyond two load balancers, each has up to two listeners, and an old worker as many.
        let own = nodes + 140 + 2 * threads + 4 * max(0, loadBalancers - 2)
        self.asked = asked
        self.descriptorLimit = descriptorLimit
        needed = 2 * asked + own
        let room = descriptorLimit.map { max(0, ($0 - own) / 2) } ?? asked
        possible = room >= asked ? asked : room < Self.roundedFrom ? room : room - room % Self.step
    }

    /// A sentence for the operator if fewer connections are possible than requested; nil otherwise.
    var shortage: String? {
        guard possible < asked, let descriptorLimit else { return nil }
        return "only \(possible) of \(asked) connections are possible with \(descriptorLimit) open files; raise "
            + "LimitNOFILE= or ulimit -n to \(needed), or lower haproxy.max_connections"
    }

    /// Checks that enough connections are possible.
    ///
    /// - Throws: `DriverError` if fewer than 100 connections are possible, and fewer than requested.
    func require() throws(DriverError) {
        guard possible < min(asked, Self.least), let shortage else { return }
        throw DriverError(.unavailable, shortage)
    }
}
