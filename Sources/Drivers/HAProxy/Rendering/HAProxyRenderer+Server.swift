// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension HAProxyRenderer {
    /// The servers of a load balancer, in the message's order.
    func servers(of loadBalancer: LoadBalancer) -> [ProxyServer] {
        let main = loadBalancer.protocol == .galera ? loadBalancer.nodes.firstIndex { !$0.isBackup } : nil
        var numbers = ServerNumbers()
        var places: Set<Place> = []
        // HAProxy compares each cookie that it makes with all the others: of 10,000, that takes seconds.
        let isLarge = loadBalancer.nodes.count > Self.mostMadeCookies
        return loadBalancer.nodes.enumerated().map { place, node in
            let isMain = place == main
            let isBackup = loadBalancer.protocol == .galera ? !isMain : node.isBackup
            var parameters: [HAProxyWord] = ["check"]
            if isBackup { parameters.append("backup") }
            // Two nodes that are written to at once is what such a cluster is to be spared.
            if isMain { parameters.append("on-marked-up shutdown-backup-sessions") }
            // The clients of a node follow its number: it must not depend on which other nodes there are.
            if loadBalancer.algorithm == .sourceIP { parameters.append("id \(numbers.next(for: node.id))") }
            let isAlone = places.insert(Place(address: node.address, port: node.port)).inserted
            // The other nodes' cookies are made of their addresses, which this one may change, or share.
            let hasOwnCookie = loadBalancer.protocol == .http && (node.hasName || !isAlone || isLarge)
            if hasOwnCookie { parameters.append("cookie id-\(node.id)") }
            if node.hasName, facts.hasNameServer { parameters.append(ProxyServer.resolvers) }
            return ProxyServer(
                name: ServerName(loadBalancer.protocol.metered, node.id),
                address: node.address,
                initialAddress: initialAddress(of: node.address),
                port: node.port,
                weight: node.condition == .draining ? 0 : node.weight,
                isDisabled: node.condition == .disabled,
                isBackup: isBackup,
                hasOwnCookie: hasOwnCookie,
                parameters: parameters,
                checks: checks(of: loadBalancer.monitor)
            )
        }
    }

    private static let mostMadeCookies = 1000

    private struct Place: Hashable {
        let address: HostAddress
        let port: Port
    }

    /// When checks are made, and how many decide.
    func checks(of monitor: HealthMonitor) -> [HAProxyWord] {
        ["inter \(monitor.delay)s", "fall \(monitor.attempts)", "rise \(min(monitor.attempts, 2))"]
    }
}
