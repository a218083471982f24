// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension HAProxyRenderer {
    /// Not secret, and the same on every device, so that clients keep their nodes after a failover to another device.
    static let cookieKey: HAProxyWord = "steelyard"

    /// Writes the back ends of all pools.
    func writeBackends(of loadBalancer: LoadBalancer, at index: Int, to text: inout ConfigurationText) {
        write(loadBalancer.defaultPool, of: loadBalancer, at: PoolPlace(index, pool: nil), to: &text)
        for (place, pool) in loadBalancer.pools.enumerated() {
            write(pool, of: loadBalancer, at: PoolPlace(index, pool: place), to: &text)
        }
    }

    private func write(
        _ pool: Pool,
        of loadBalancer: LoadBalancer,
        at place: PoolPlace,
        to text: inout ConfigurationText
    ) {
        let options = loadBalancer.options
        text.section("backend \(BackendName(loadBalancer.key, pool: pool.id))")
        text.line(loadBalancer.key.proxyKind == .http ? "mode http" : "mode tcp")
        writeAlgorithm(pool.algorithm, to: &text)
        text.line("timeout connect", "\(options.connectTimeout)ms")
        text.line("timeout server", "\(options.serverTimeout)ms")
        // Without a time-out, only TCP keep-alive detects a lost node.
        if options.serverTimeout == 0 { text.line("option srvtcpka") }
        text.line("timeout queue", "\(options.queueTimeout ?? options.connectTimeout)ms")
        if let timeout = options.tunnelTimeout { text.line("timeout tunnel", "\(timeout)ms") }
        text.line("retries", "\(options.connectRetries)")
        writePersistence(of: pool, loadBalancer.protocol, to: &text)
        writeChecks(of: pool, in: loadBalancer, at: place, to: &text)
        for (node, server) in servers(of: pool, in: loadBalancer).enumerated() {
            text.server(server, field: place.field("address", node: node))
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

    private func writePersistence(
        of pool: Pool,
        _ listenerProtocol: ListenerProtocol,
        to text: inout ConfigurationText
    ) {
        if listenerProtocol.proxyKind == .http { text.line("http-reuse safe") }
        switch pool.persistence(for: listenerProtocol) {
        case .httpCookie(let idleSeconds):
            // Derived from the node's address: before 3.0, a server that is added at run time cannot have a cookie of
            // its own.
            //
            // Each pool has a cookie of its own: otherwise the pools would replace one another's.
            text.line(
                [pool.id.map { "cookie SERVERID-\($0)" } ?? "cookie SERVERID", "insert indirect nocache httponly"]
                    + (listenerProtocol == .http ? [] : ["secure"])
                    + (idleSeconds.map { ["maxidle \($0)s"] } ?? []) + ["dynamic"]
            )
            text.line("dynamic-cookie-key", Self.cookieKey)
        case .appCookie(let name, let seconds):
            text.line("stick-table type string len 128 size 100k expire \(seconds)s peers steelyard")
            text.line("stick store-response res.cook(\(name))")
            text.line("stick match req.cook(\(name))")
        case .sourceIP(let seconds):
            let expiry: HAProxyWord = seconds.isMultiple(of: 60) ? "\(seconds / 60)m" : "\(seconds)s"
            text.line("stick-table type ipv6 size 200k expire", expiry, "peers steelyard")
            text.line("stick on src")
        case .none: break
        }
    }

    private func writeChecks(
        of pool: Pool,
        in loadBalancer: LoadBalancer,
        at place: PoolPlace,
        to text: inout ConfigurationText
    ) {
        let monitor = pool.monitor
        let field = place.field("monitor")
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
        text.line(["default-server"] + checks(of: pool), field: field)
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

/// The place of a pool in a message.
private struct PoolPlace {
    let loadBalancer: Int
    /// The index in `pools`; nil for the default pool.
    let pool: Int?

    init(_ loadBalancer: Int, pool: Int?) {
        self.loadBalancer = loadBalancer
        self.pool = pool
    }

    func field(_ name: String, node: Int? = nil) -> LoadBalancerField {
        LoadBalancerField(loadBalancer: loadBalancer, pool: pool, node: node, name: name)
    }
}

extension Pool {
    /// How clients stay with their nodes, if the message does not say it: HTTP by a cookie, TCP by the address.
    func persistence(for listenerProtocol: ListenerProtocol) -> SessionPersistence {
        if let persistence { return persistence }
        switch listenerProtocol {
        case .http, .terminatedHTTPS: return .httpCookie(idleSeconds: nil)
        case .tcp, .https: return .sourceIP(seconds: SessionPersistence.standardSeconds)
        // A client stuck to a backup would continue to write there after the main node has recovered.
        case .galera: return .none
        }
    }
}
