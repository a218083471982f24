// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension HAProxyRenderer {
    func writeBackend(_ loadBalancer: LoadBalancer, at index: Int, to text: inout ConfigurationText) {
        let options = loadBalancer.options
        let isHTTP = loadBalancer.protocol == .http
        text.section(isHTTP ? "backend http-servers" : "backend tcp-servers")
        text.line(isHTTP ? "mode http" : "mode tcp")
        writeAlgorithm(loadBalancer.algorithm, to: &text)
        text.line("timeout connect", "\(options.connectTimeout)ms")
        text.line("timeout server", "\(options.serverTimeout)ms")
        text.line("timeout queue", "\(options.connectTimeout)ms")
        text.line("retries", "\(options.connectRetries)")
        writePersistence(loadBalancer.protocol, to: &text)
        writeChecks(loadBalancer, at: index, to: &text)
        let main = loadBalancer.protocol == .galera ? loadBalancer.nodes.firstIndex { !$0.isBackup } : nil
        for (place, node) in loadBalancer.nodes.enumerated() {
            let role: ServerRole =
                switch (loadBalancer.protocol, place) {
                case (.galera, main): .main
                case (.galera, _): .backup
                default: node.isBackup ? .backup : .active
                }
            writeServer(node, role, isHTTP: isHTTP, field: (index, place), to: &text)
        }
    }

    private func writeAlgorithm(_ algorithm: BalancingAlgorithm, to text: inout ConfigurationText) {
        switch algorithm {
        case .roundRobin: text.line("balance roundrobin")
        case .leastConnections: text.line("balance leastconn")
        case .sourceIP:
            text.line("balance source")
            // A node that comes or goes moves its own clients only.
            text.line("hash-type consistent")
        }
    }

    private func writePersistence(_ spoken: ListenerProtocol, to text: inout ConfigurationText) {
        switch spoken {
        case .http:
            text.line("http-reuse safe")
            text.line("cookie SERVERID insert indirect nocache httponly")
        case .tcp:
            text.line("stick-table type ipv6 size 200k expire 30m")
            text.line("stick on src")
        case .galera:
            // A client that stuck to a backup would go on writing there when the main node is back.
            break
        }
    }

    private func writeChecks(_ loadBalancer: LoadBalancer, at index: Int, to text: inout ConfigurationText) {
        let monitor = loadBalancer.monitor
        let field = LoadBalancerField(loadBalancer: index, name: "monitor")
        if monitor.kind == .http {
            text.line("option httpchk")
            text.line(
                "http-check send meth GET uri",
                "\(monitor.path)",
                "ver HTTP/1.1 hdr Host",
                "\(checkedHost(loadBalancer))",
                field: field
            )
            text.line("http-check expect status 200")
        }
        // HAProxy counts this from the connection on; until there is one, a check waits for the shorter of the back
        // end's `timeout connect` and the interval.
        text.line("timeout check", "\(monitor.timeout)s")
        text.line(
            "default-server",
            "inter \(monitor.delay)s",
            "fall \(monitor.attempts)",
            "rise \(min(monitor.attempts, 2))",
            field: field
        )
    }

    /// What an HTTP check calls the host: the address that clients use, as far as it is known.
    private func checkedHost(_ loadBalancer: LoadBalancer) -> ConfigurationText.Word {
        switch loadBalancer.address {
        case .v4(let text) where text != "0.0.0.0": loadBalancer.address.map { "\($0)" } ?? "localhost"
        case .v6(let text) where text != "::": loadBalancer.address.map { "[\($0)]" } ?? "localhost"
        default: "localhost"
        }
    }

    private enum ServerRole { case active, backup, main }

    private func writeServer(
        _ node: Node,
        _ role: ServerRole,
        isHTTP: Bool,
        field: (loadBalancer: Int, node: Int),
        to text: inout ConfigurationText
    ) {
        var words: [ConfigurationText.Word] = ["server", "id-\(node.id)"]
        if case .ip(.v6) = node.address {
            words.append("[\(node.address)]:\(node.port)")
        } else {
            words.append("\(node.address):\(node.port)")
        }
        // Weight 0 takes no new client and keeps those that a cookie or the table has bound to the node.
        words.append("weight \(node.condition == .draining ? 0 : node.weight)")
        words.append("check")
        if isHTTP { words.append("cookie id-\(node.id)") }
        switch role {
        case .active: break
        case .backup: words.append("backup")
        // Two nodes that are written to at once is what such a cluster is to be spared.
        case .main: words.append("on-marked-up shutdown-backup-sessions")
        }
        if node.hasName {
            // A name that cannot be resolved yet is a node that is down, not an UPDATE that fails.
            words.append("init-addr libc,none")
            if facts.hasNameServer { words.append("resolvers device") }
        }
        if node.condition == .disabled { words.append("disabled") }
        text.line(words, field: LoadBalancerField(loadBalancer: field.loadBalancer, node: field.node, name: "address"))
    }
}
