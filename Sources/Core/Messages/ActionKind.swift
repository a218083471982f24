// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The names of the actions.
package enum ActionKind: String, NamedChoice {
    /// Serve the load balancers of the message.
    case update = "UPDATE"
    /// Stop serving, but keep the configuration.
    case suspend = "SUSPEND"
    /// Serve again.
    case enable = "ENABLE"
    /// Stop serving, and remove the configuration and the logs.
    case delete = "DELETE"
    /// Report the status of the nodes.
    case stats = "STATS"
    /// Report the bytes sent since the last report.
    case metrics = "METRICS"
    /// Report the agent's version.
    case discover = "DISCOVER"
    /// Probe the device's network.
    case diagnostics = "DIAGNOSTICS"
    /// Archive the logs.
    case archive = "ARCHIVE"
}
