// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The time-outs for a driver program.
struct TimeLimits: Sendable {
    /// From its start to the response to `initialize`.
    var start = Duration.seconds(10)
    /// For a STATS, which must be answered within a second.
    var status = Duration.milliseconds(900)
    /// For `proxy_status`.
    var proxyStatus = Duration.milliseconds(100)
    /// For `usage` and `commit`.
    var usage = Duration.seconds(10)
    /// For each request about a log.
    var log = Duration.seconds(30)
    /// For the restart and the status after the program has ended during a change.
    var recovery = Duration.seconds(5)
    /// From closing its standard input to SIGTERM, when the agent stops.
    var exit = Duration.seconds(5)
    /// From SIGTERM to SIGKILL.
    var termination = Duration.seconds(2)
}
