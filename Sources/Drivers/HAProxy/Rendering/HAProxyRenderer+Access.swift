// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// Which clients can connect, and their limits.
extension HAProxyRenderer {
    /// The largest number of client addresses that HAProxy counts at once; beyond it, the oldest are forgotten.
    private static let countedClients: HAProxyWord = "100k"

    /// IPv6 addresses that contain an IPv4 address: 6to4 and IPv4-compatible ones.
    ///
    /// HAProxy compares the IPv4 address to IPv4 networks, but any client can choose it.
    private static let embedded: HAProxyWord = "src 2002::/16 ::/96"

    /// Writes the rules for connections.
    ///
    /// `tcp-request session` rules see the client's address from a PROXY header; `tcp-request connection` rules do not.
    func writeAccess(of loadBalancer: LoadBalancer, at index: Int, to text: inout ConfigurationText) {
        let access = loadBalancer.access
        func field(_ name: String) -> LoadBalancerField { LoadBalancerField(loadBalancer: index, name: name) }
        if let limit = access.connectionLimit { text.line("maxconn", "\(limit)", field: field("connection_limit")) }
        for list in networkLists(of: loadBalancer) {
            // The file's content is part of the configuration, but a command can change it.
            text.comment("\(list.path)", "networks: \(list.networks.count),", "\(Fingerprint(list.bytes))")
            if list.use == .allowed {
                if !list.hasIPv6 { text.line("tcp-request session reject if {", Self.embedded, "}") }
                text.line("tcp-request session reject unless { src -f", list.path, "}", field: field("allowed_cidrs"))
            }
        }
        guard let limit = access.rateLimit, let exceptions = networkLists(of: loadBalancer).last else { return }
        text.line(
            "stick-table type ipv6 size",
            Self.countedClients,
            // The rates are counted over one second.
            limit.requestsPerSecond == nil
                ? "expire 10s store conn_cur,conn_rate(1s)"
                : "expire 10s store conn_cur,conn_rate(1s),http_req_rate(1s)"
        )
        text.line(
            ["tcp-request session track-sc0 src unless { src -f", exceptions.path, "}"]
                + (exceptions.hasIPv6 ? [] : ["!{", Self.embedded, "}"]),
            field: field("rate_limit.except_cidrs")
        )
        if let count = limit.concurrentConnections {
            text.line("tcp-request session reject if { sc0_conn_cur gt", "\(count)", "}")
        }
        if let count = limit.connectionsPerSecond {
            text.line("tcp-request session reject if { sc0_conn_rate gt", "\(count)", "}")
        }
    }

    /// Writes the rules for requests.
    func writeRequestLimits(of loadBalancer: LoadBalancer, to text: inout ConfigurationText) {
        if let count = loadBalancer.access.rateLimit?.requestsPerSecond {
            text.line("http-request deny deny_status 429 if { sc0_http_req_rate gt", "\(count)", "}")
        }
    }

    func networkLists(of loadBalancer: LoadBalancer) -> [NetworkList] {
        NetworkList.all(of: loadBalancer, in: configuration.words.stateDirectory)
    }

    /// How HAProxy connects to a node: its PROXY header, source address and TLS.
    func connectionWords(of node: Node, in pool: Pool, _ proxyKind: ProxyKind) -> [HAProxyWord] {
        var words: [HAProxyWord] = []
        if let version = node.connections.proxyProtocol ?? pool.proxyProtocol {
            words.append(version == .v1 ? "send-proxy" : "send-proxy-v2")
            words.append("check-send-proxy")
        }
        if let source = node.connections.source { words.append("source \(bracketed: source)") }
        if let tls = pool.tls { words += self.words(for: tls, to: node, in: pool, proxyKind) }
        return words
    }
}
