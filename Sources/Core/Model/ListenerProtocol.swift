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
    /// HTTP over TLS, which ends at the load balancer.
    case terminatedHTTPS = "TERMINATED_HTTPS"
    /// TLS that is passed to the nodes as it is: TCP with the port of HTTPS.
    case https = "HTTPS"

    /// Octavia's protocols that HAProxy does not have.
    package static var impossible: [String] { ["UDP", "SCTP"] }

    /// The protocol under which its bytes are metered and its log lines are stored.
    public var proxyKind: ProxyKind {
        switch self {
        case .http, .terminatedHTTPS: .http
        case .tcp, .galera, .https: .tcp
        }
    }

    /// The port of a load balancer without one; nil if there is no default.
    var standardPort: Port? {
        switch self {
        case .http: .http
        case .terminatedHTTPS, .https: .https
        case .tcp, .galera: nil
        }
    }
}
