// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension HAProxyRenderer {
    /// Not secret, and the same on every device, so that clients keep their nodes after a failover to another device.
    static let cookieKey: HAProxyWord = "steelyard"

    func writeBackend(_ loadBalancer: LoadBalancer, at index: Int, to text: inout ConfigurationText) {
        let options = loadBalancer.options
        let isHTTP = loadBalancer.protocol.proxyKind == .http
        text.section(isHTTP ? "backend http-servers" : "backend tcp-servers")
        text.line(isHTTP ? "mode http" : "mode tcp")
        writeAlgorithm(loadBalancer.algorithm, to: &text)
        text.line("timeout connect", "\(options.connectTimeout)ms")
        text.line("timeout server", "\(options.serverTimeout)ms")
        // Without a time-out, only TCP keep-alive detects a lost node.
        if options.serverTimeout == 0 { text.line("option srvtcpka") }
        text.line("timeout queue", "\(options.queueTimeout ?? options.connectTimeout)ms")
        if let timeout = options.tunnelTimeout { text.line("timeout tunnel", "\(timeout)ms") }
        text.line("retries", "\(options.connectRetries)")
        writePersistence(loadBalancer.protocol, to: &text)
        writeChecks(loadBalancer, at: index, to: &text)
        for (place, server) in servers(of: loadBalancer).enumerated() {
            text.server(server, field: LoadBalancerField(loadBalancer: index, node: place, name: "address"))
        }
    }

    private func writeAlgorithm(_ algorithm: BalancingAlgorithm, to text: inout ConfigurationText) {
        switch algorithm {
        case .roundRobin: text.line("balance roundrobin")
        case .leastConnections: text.line("balance leastconn")
        case .sourceIP:
            text.line("balance source")
            // An added or removed node moves only its own clients.
            text.line("hash-type consistent")
        }
    }

    private func writePersistence(_ listenerProtocol: ListenerProtocol, to text: inout ConfigurationText) {
        switch listenerProtocol {
        case .http, .terminatedHTTPS:
            text.line("http-reuse safe")
            // Derived from the node's address: before 3.0, a server that is added at run time cannot have a cookie of
            // its own.
            text.line(
                listenerProtocol == .http
                    ? "cookie SERVERID insert indirect nocache httponly dynamic"
                    : "cookie SERVERID insert indirect nocache httponly secure dynamic"
            )
            text.line("dynamic-cookie-key", Self.cookieKey)
        case .tcp, .https:
            text.line("stick-table type ipv6 size 200k expire 30m peers steelyard")
            text.line("stick on src")
        case .galera:
            // A client stuck to a backup would continue to write there after the main node has recovered.
            break
        }
    }

    private func writeChecks(_ loadBalancer: LoadBalancer, at index: Int, to text: inout ConfigurationText) {
        let monitor = loadBalancer.monitor
        let field = LoadBalancerField(loadBalancer: index, name: "monitor")
        if monitor.kind.sendsRequest {
            text.line("option httpchk")
            text.line(
                "http-check send meth",
                "\(monitor.request.method)",
                "uri",
                "\(monitor.path)",
                "ver HTTP/1.1 hdr Host",
                monitor.request.domainName.map { "\($0)" } ?? "\(checkedHost(loadBalancer))",
                field: field
            )
            text.line("http-check expect status", "\(monitor.request.expectedCodes)")
        }
        // HAProxy measures this from the connection on; until then, a check waits for the shorter of the back end's
        // `timeout connect` and the interval.
        text.line("timeout check", "\(monitor.timeout)s")
        text.line(["default-server"] + checks(of: monitor), field: field)
    }

    /// The host of an HTTP check: the address that clients use, if it is known.
    private func checkedHost(_ loadBalancer: LoadBalancer) -> HAProxyWord {
        switch loadBalancer.address {
        case .v4(let text) where text != "0.0.0.0": loadBalancer.address.map { "\($0)" } ?? "localhost"
        case .v6(let text) where text != "::": loadBalancer.address.map { "[\($0)]" } ?? "localhost"
        default: "localhost"
        }
    }
}
