// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The kinds of faults of a round.
package enum FaultProfile: String, Sendable, CaseIterable {
    /// Faults of job servers, their network and the store; the agent survives all of them.
    case transport
    /// In addition, the agent is killed, stopped and restarted, and HAProxy's processes are stopped.
    case agent
    /// In addition, HAProxy's processes are killed together with unread counters.
    case device

    var targets: [FaultAction.Kind] {
        let transport: [FaultAction.Kind] = [.server, .server, .link, .link, .link, .link, .store]
        switch self {
        case .transport: return transport
        case .agent: return transport + [.agent, .agent, .haproxyFreeze]
        case .device: return transport + [.agent, .haproxyFreeze, .haproxyKill]
        }
    }
}
