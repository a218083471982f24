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
        let isHTTP = loadBalancer.key.proxyKind == .http
        text.section("frontend \(frontend: loadBalancer.key)")
        text.comment(
            "loadbalancers[\(index)]:",
            loadBalancer.id.map { "id \($0)," } ?? "without an id,",
            "\(loadBalancer.protocol), \(loadBalancer.algorithm), nodes: \(loadBalancer.nodes.count)"
        )
        if isSuspended { text.mark("disabled") }
        text.line(isHTTP ? "mode http" : "mode tcp")
        let proxy: [HAProxyWord] = loadBalancer.access.acceptsProxyProtocol ? ["accept-proxy"] : []
        let tls = listenerTLS(of: loadBalancer)
        for slot in CertificateSlot.all(of: loadBalancer) { writeComment(on: slot, to: &text) }
        for address in ListeningAddress.all(of: loadBalancer, facts) {
            text.line(address.bindLine + proxy + tls, field: port)
        }
        text.line("timeout client", "\(options.clientTimeout)ms")
        // Without a time-out, only TCP keep-alive detects a lost client.
        if options.clientTimeout == 0 { text.line("option clitcpka") }
        // Counts bytes as they are sent: otherwise those of a connection that is closed with an old worker are lost.
        text.line("option contstats")
        writeAccess(of: loadBalancer, at: index, to: &text)
        if isHTTP {
            // For clients that send their header slowly, and for idle clients.
            text.line("timeout http-request", "\(options.httpRequestTimeout ?? options.clientTimeout)ms")
            // Without it, the time-out of a request would also hold for an idle client.
            if options.httpRequestTimeout != nil { text.line("timeout http-keep-alive", "\(options.clientTimeout)ms") }
            text.line("option httplog")
            if loadBalancer.routing.insertedHeaders?.omitsForwardedFor != true { text.line("option forwardfor") }
            // HTTP/2 connections with prior knowledge would bypass the counter for usage.
            text.line("option disable-h2-upgrade")
            // An HTTP/2 connection to a node would bypass all per-request processing of HAProxy.
            text.line("http-request del-header Upgrade if { req.hdr(upgrade) -i -m sub h2c }")
            // After a reload, the old worker serves one more request of a kept-alive client before it closes.
            text.line("option idle-close-on-response")
            // SUSPEND sets the variable: requests of connected clients are refused.
            text.line("http-request reject if { var(proc.suspended) -m bool }")
            writeRequestLimits(of: loadBalancer, to: &text)
            writeRouting(of: loadBalancer, at: index, to: &text)
            if loadBalancer.redirectsToHTTPS { writeRedirect(to: &text) }
            if let header = loadBalancer.tls?.strictTransportSecurity { write(header, to: &text) }
        } else {
            text.line("option tcplog")
        }
        writePoolPolicies(of: loadBalancer, to: &text)
        text.line("default_backend \(BackendName(loadBalancer.key))")
    }
}

extension ListeningAddress {
    fileprivate var bindLine: [HAProxyWord] {
        switch self {
        case .allIPv4(let port): ["bind", "*:\(port)"]
        // Separate from IPv4, whose clients would otherwise be logged as ::ffff:….
        case .allIPv6(let port): ["bind", ":::\(port)", "v6only"]
        case .one(let address, let port): ["bind", "\(address):\(port)"]
        }
    }
}
