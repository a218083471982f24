// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The action of a message: the field `hpcs_action`, with the fields of each action.
package enum Action: Hashable, Sendable {
    /// Serve these load balancers.
    case update(LoadBalancerSet)
    /// Stop serving, but keep the configuration.
    case suspend
    /// Serve again.
    case enable
    /// Stop serving, and remove the configuration and the logs.
    case delete
    /// Report the status of the nodes.
    case stats
    /// Report the bytes sent since the last report.
    case metrics
    /// Report the agent's version.
    case discover
    /// Probe the device's network.
    case diagnostics
    /// Archive the logs.
    case archive(ArchiveRequest)

    /// The kind of action.
    package var kind: ActionKind {
        switch self {
        case .update: .update
        case .suspend: .suspend
        case .enable: .enable
        case .delete: .delete
        case .stats: .stats
        case .metrics: .metrics
        case .discover: .discover
        case .diagnostics: .diagnostics
        case .archive: .archive
        }
    }
}
