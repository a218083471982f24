// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The time limits of a change; together they stay below the 10 s within which a FAIL must be sent.
struct ServiceLimits: Sendable {
    /// From the start or reload of HAProxy until the new worker serves.
    var change = Duration.seconds(5)
    /// The additional time for loading many nodes.
    static func loading(_ rendered: RenderedConfiguration) -> Duration { .microseconds(700 * rendered.servers.count) }

    /// From the signal until all processes have ended.
    var stop = Duration.seconds(4)
    /// One answer to one command.
    var answer = Duration.seconds(2)
    /// One call of the service manager; the unit's own stop time-out must be shorter.
    var manager = Duration.seconds(5)
}
