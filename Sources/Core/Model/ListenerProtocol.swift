// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a load balancer speaks: the field `protocol`.
public enum ListenerProtocol: String, NamedChoice {
    /// HTTP, balanced request by request.
    case http = "HTTP"
    /// TCP, balanced connection by connection.
    case tcp = "TCP"
    /// TCP to one main node of a Galera cluster, the others being its backups.
    case galera = "GALERA"

    /// Under which of the two names its bytes are metered and its log lines are kept.
    public var metered: MeteredProtocol { self == .http ? .http : .tcp }
}
