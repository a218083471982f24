// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension HAProxyRenderer {
    /// The servers of a pool, in the message's order.
    func servers(of pool: Pool, in loadBalancer: LoadBalancer) -> [ProxyServer] {
        let main = loadBalancer.protocol == .galera ? pool.nodes.firstIndex { !$0.isBackup } : nil
        var numbers = ServerNumbers()
        var places: Set<Place> = []
        // HAProxy compares each dynamic cookie with all others; with 10,000, that takes seconds.
        let isLarge = pool.nodes.count > Self.mostMadeCookies
        let usesCookie = if case .httpCookie = pool.persistence(for: loadBalancer.protocol) { true } else { false }
        let backend = BackendName(loadBalancer.key, pool: pool.id)
        let checks = checks(of: pool)
        return pool.nodes.enumerated().map { place, node in
            let isMain = place == main
            let isBackup = loadBalancer.protocol == .galera ? !isMain : node.isBackup
            var parameters: [HAProxyWord] = ["check"]
            if isBackup { parameters.append("backup") }
            // Such a cluster must not have writes on two nodes at once.
            if isMain { parameters.append("on-marked-up shutdown-backup-sessions") }
            // Clients are hashed to this number: it must not depend on the other nodes.
            if pool.algorithm == .sourceIP { parameters.append("id \(numbers.next(for: node.id))") }
            let isAlone = places.insert(Place(address: node.address, port: node.port)).inserted
            // The other nodes have dynamic cookies from their addresses; this node may share or change its address.
            let hasOwnCookie = usesCookie && (node.hasName || !isAlone || isLarge)
            if hasOwnCookie { parameters.append("cookie id-\(node.id)") }
            if node.hasName, facts.hasNameServer { parameters.append(ProxyServer.resolvers) }
            return ProxyServer(
                name: ServerName(backend, node.id),
                address: node.address,
                initialAddress: initialAddress(of: node.address),
                port: node.port,
                weight: node.condition == .draining ? 0 : node.weight,
                isDisabled: node.condition == .disabled,
                isBackup: isBackup,
                hasOwnCookie: hasOwnCookie,
                parameters: parameters,
                checks: checks,
                connectionWords: connectionWords(of: node, in: pool, loadBalancer.key.proxyKind),
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
    func checks(of pool: Pool) -> [HAProxyWord] {
        let monitor = pool.monitor
        var words: [HAProxyWord] = [
            "inter \(monitor.delay)s", "fall \(monitor.maxRetriesDown ?? monitor.attempts)",
            "rise \(monitor.maxRetries ?? min(monitor.attempts, 2))",
        ]
        if monitor.kind.usesTLS {
            // With TLS to the nodes, a check verifies what a connection verifies.
            words.append(pool.tls == nil ? "check-ssl verify none" : "check-ssl")
            if pool.tls?.authorities == nil, let name = monitor.request.domainName { words.append("check-sni \(name)") }
        }
        return words
    }
}
