// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A load balancer's protocol: the field `protocol`.
public enum ListenerProtocol: String, NamedChoice {
    /// HTTP, balanced request by request.
    case http = "HTTP"
    /// TCP, balanced connection by connection.
    case tcp = "TCP"
    /// TCP to one main node of a Galera cluster; the other nodes are its backups.
    case galera = "GALERA"

    /// Octavia's protocols that HAProxy does not have.
    package static var impossible: [String] { ["UDP", "SCTP"] }

    /// The protocol under which its bytes are metered and its log lines are stored.
    public var proxyKind: ProxyKind { self == .http ? .http : .tcp }
}
