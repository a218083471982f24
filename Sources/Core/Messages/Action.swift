// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a message asks the device to do: the field `hpcs_action`, with what belongs to each action.
package enum Action: Hashable, Sendable {
    /// Serve these load balancers.
    case update(LoadBalancerSet)
    /// Stop serving, and keep the configuration.
    case suspend
    /// Serve again.
    case enable
    /// Stop serving, and forget everything.
    case delete
    /// Say how the nodes are.
    case stats
    /// Say how many bytes were sent since the last time.
    case metrics
    /// Say which version this is.
    case discover
    /// Try the device's network.
    case diagnostics
    /// Ship the logs.
    case archive(ArchiveRequest)

    /// Which action it is.
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
