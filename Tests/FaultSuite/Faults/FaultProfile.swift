// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Which faults a round has.
package enum FaultProfile: String, Sendable, CaseIterable {
    /// Job servers, the network to them, and the store; the agent lives through all of it.
    case transport
    /// These; the agent is killed, stopped and restarted, too, and HAProxy's processes are stopped.
    case agent
    /// These; HAProxy's processes are killed, too, with the counters that nothing has read.
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
