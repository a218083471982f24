// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension HAProxyRenderer {
    /// The servers of a load balancer, in the message's order.
    func servers(of loadBalancer: LoadBalancer) -> [ProxyServer] {
        let main = loadBalancer.protocol == .galera ? loadBalancer.nodes.firstIndex { !$0.isBackup } : nil
        var numbers = ServerNumbers()
        var places: Set<Place> = []
        // HAProxy compares each dynamic cookie with all others; with 10,000, that takes seconds.
        let isLarge = loadBalancer.nodes.count > Self.mostMadeCookies
        return loadBalancer.nodes.enumerated().map { place, node in
            let isMain = place == main
            let isBackup = loadBalancer.protocol == .galera ? !isMain : node.isBackup
            var parameters: [HAProxyWord] = ["check"]
            if isBackup { parameters.append("backup") }
            // Such a cluster must not have writes on two nodes at once.
            if isMain { parameters.append("on-marked-up shutdown-backup-sessions") }
            // Clients are hashed to this number: it must not depend on the other nodes.
            if loadBalancer.algorithm == .sourceIP { parameters.append("id \(numbers.next(for: node.id))") }
            let isAlone = places.insert(Place(address: node.address, port: node.port)).inserted
            // The other nodes have dynamic cookies from their addresses; this node may share or change its address.
            let hasOwnCookie = loadBalancer.protocol.proxyKind == .http && (node.hasName || !isAlone || isLarge)
            if hasOwnCookie { parameters.append("cookie id-\(node.id)") }
            if node.hasName, facts.hasNameServer { parameters.append(ProxyServer.resolvers) }
            return ProxyServer(
                name: ServerName(loadBalancer.protocol.proxyKind, node.id),
                address: node.address,
                initialAddress: initialAddress(of: node.address),
                port: node.port,
                weight: node.condition == .draining ? 0 : node.weight,
                isDisabled: node.condition == .disabled,
                isBackup: isBackup,
                hasOwnCookie: hasOwnCookie,
                parameters: parameters,
                checks: checks(of: loadBalancer.monitor),
                connectionWords: connectionWords(of: node, in: loadBalancer),
                connectionLimit: node.connections.limit,
                check: node.check
            )
        }
    }

    private static let mostMadeCookies = 1000

    private struct Place: Hashable {
        let address: HostAddress
        let port: Port
    }

    /// The intervals and thresholds of health checks, and their TLS.
    func checks(of monitor: HealthMonitor) -> [HAProxyWord] {
        var words: [HAProxyWord] = [
            "inter \(monitor.delay)s", "fall \(monitor.maxRetriesDown ?? monitor.attempts)",
            "rise \(monitor.maxRetries ?? min(monitor.attempts, 2))",
        ]
        if monitor.kind.usesTLS {
            words.append("check-ssl verify none")
            if let name = monitor.request.domainName { words.append("check-sni \(name)") }
        }
        return words
    }
}
