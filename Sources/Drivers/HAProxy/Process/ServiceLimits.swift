// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How long things may take: together, what one change waits for stays below the 10 s in which a FAIL should come.
struct ServiceLimits: Sendable {
    /// From starting HAProxy, or telling it to reload, until the new worker serves.
    var change = Duration.seconds(5)
    /// What HAProxy needs more to load many nodes.
    static func loading(_ rendered: RenderedConfiguration) -> Duration { .microseconds(700 * rendered.servers.count) }

    /// From the signal until all processes have ended.
    var stop = Duration.seconds(4)
    /// One answer to one command.
    var answer = Duration.seconds(2)
    /// One call of the service manager; a unit's own time to stop is to be shorter.
    var manager = Duration.seconds(5)
}
