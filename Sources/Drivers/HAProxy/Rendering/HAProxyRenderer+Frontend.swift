// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension HAProxyRenderer {
    func writeFrontend(
        _ loadBalancer: LoadBalancer,
        at index: Int,
        isSuspended: Bool,
        to text: inout ConfigurationText
    ) {
        let options = loadBalancer.options
        let port = LoadBalancerField(loadBalancer: index, name: "port")
        let isHTTP = loadBalancer.protocol == .http
        text.section(isHTTP ? "frontend http-in" : "frontend tcp-in")
        text.comment(
            "loadbalancers[\(index)]:",
            loadBalancer.id.map { "id \($0)," } ?? "without an id,",
            "\(loadBalancer.protocol), \(loadBalancer.algorithm), nodes: \(loadBalancer.nodes.count)"
        )
        if isSuspended { text.mark("disabled") }
        text.line(isHTTP ? "mode http" : "mode tcp")
        for address in ListeningAddress.all(of: loadBalancer, facts) { text.line(address.bindLine, field: port) }
        text.line("timeout client", "\(options.clientTimeout)ms")
        // Without a time-out, only TCP keep-alive notices that a client has gone.
        if options.clientTimeout == 0 { text.line("option clitcpka") }
        // Counted as they are sent: else those of a connection that is cut off with an old worker are never seen.
        text.line("option contstats")
        if isHTTP {
            // For a client that sends its header slowly, and for one that sends no further request.
            text.line("timeout http-request", "\(options.clientTimeout)ms")
            text.line("option httplog")
            text.line("option forwardfor")
            // Clients that begin with HTTP/2 unasked would be served past the counter that usage is read from.
            text.line("option disable-h2-upgrade")
            // A connection in HTTP/2 to a node would bypass everything that HAProxy does for each request.
            text.line("http-request del-header Upgrade if { req.hdr(upgrade) -i -m sub h2c }")
            // After a reload, the old worker answers one more request of a kept-alive client before it closes.
            text.line("option idle-close-on-response")
            // SUSPEND sets the variable: clients that are still connected are sent away.
            text.line("http-request reject if { var(proc.suspended) -m bool }")
        } else {
            text.line("option tcplog")
        }
        text.line(isHTTP ? "default_backend http-servers" : "default_backend tcp-servers")
    }
}

extension ListeningAddress {
    fileprivate var bindLine: [HAProxyWord] {
        switch self {
        case .allIPv4(let port): ["bind", "*:\(port)"]
        // Apart from IPv4, whose clients would be logged as ::ffff:… otherwise.
        case .allIPv6(let port): ["bind", ":::\(port)", "v6only"]
        case .one(let address, let port): ["bind", "\(address):\(port)"]
        }
    }
}
