// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The actions' names.
package enum ActionKind: String, NamedChoice {
    /// Serve the load balancers of the message.
    case update = "UPDATE"
    /// Stop serving, and keep the configuration.
    case suspend = "SUSPEND"
    /// Serve again.
    case enable = "ENABLE"
    /// Stop serving, and forget everything.
    case delete = "DELETE"
    /// Say how the nodes are.
    case stats = "STATS"
    /// Say how many bytes were sent since the last time.
    case metrics = "METRICS"
    /// Say which version this is.
    case discover = "DISCOVER"
    /// Try the device's network.
    case diagnostics = "DIAGNOSTICS"
    /// Ship the logs.
    case archive = "ARCHIVE"
}
