// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers

@testable import HAProxyDriver

/// Generates load balancers of all kinds, and variants with a few differences: the same for the same seed.
struct SetGenerator {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func set() throws -> LoadBalancerSet {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: try LoadBalancerSet([loadBalancer(.http)])
        case 1: try LoadBalancerSet([loadBalancer(.galera)])
        case 2, 3: try many()
        default: try LoadBalancerSet([loadBalancer(.http), loadBalancer(.tcp)])
        }
    }

    /// Returns a variant with few, no, or many differences.
    mutating func neighbour(of set: LoadBalancerSet) throws -> LoadBalancerSet {
        if chance(1, of: 20) { return try self.set() }
        var loadBalancers = try set.loadBalancers.map { try neighbour(of: $0) }
        if loadBalancers.count > 2, chance(1, of: 12) {
            loadBalancers.remove(at: Int.random(in: 0..<loadBalancers.count, using: &random))
        }
        return try LoadBalancerSet(loadBalancers)
    }

    /// Load balancers with ids, whose nodes have the same ids.
    private mutating func many() throws -> LoadBalancerSet {
        var loadBalancers: [LoadBalancer] = []
        for number in 0..<3 {
            loadBalancers.append(
                try loadBalancer(number == 1 ? .tcp : .http, id: Identifier("lb-\(number)"), port: 9000 + 10 * number)
            )
        }
        return try LoadBalancerSet(loadBalancers)
    }

    /// Returns the same state after manual changes.
    mutating func disturbed(_ running: RunningState) -> RunningState {
        guard chance(1, of: 4) else { return running }
        let servers = running.servers.map { server in
            chance(1, of: 6)
                ? server.with(
                    weight: 77,
                    isDisabled: Bool.random(using: &random),
                    isDrained: Bool.random(using: &random)
                )
                : server
        }
        return RunningState(configuration: running.configuration, servers: servers)
    }

    private mutating func neighbour(of old: LoadBalancer) throws -> LoadBalancer {
        let spoken = old.protocol == .http || chance(9, of: 10) ? old.protocol : .tcp
        var pools = try old.pools.map { try neighbour(of: $0, spoken) }
        if chance(1, of: 20), !pools.isEmpty { pools.removeLast() }
        if chance(1, of: 20), spoken == .http { pools.append(try pool(spoken, id: "p\(pools.count)")) }
        let standard = try neighbour(of: old.defaultPool, spoken)
        return try LoadBalancer(
            id: old.id,
            protocol: spoken,
            address: old.address,
            port: chance(1, of: 20) ? Port(Int(old.port.number) + 1) : old.port,
            options: chance(1, of: 20) ? ConnectionOptions(connectRetries: 7) : old.options,
            access: chance(1, of: 8) ? access() : old.access,
            defaultPool: standard,
            pools: pools,
            routing: pools.map(\.id) != old.pools.map(\.id) || chance(1, of: 20)
                ? routing(pools, spoken) : old.routing
        )
    }

    private mutating func neighbour(of old: Pool, _ spoken: ListenerProtocol) throws -> Pool {
        var nodes = try old.nodes.map { chance(1, of: 4) ? try neighbour(of: $0) : $0 }
        if chance(1, of: 3), !nodes.isEmpty { nodes.remove(at: Int.random(in: 0..<nodes.count, using: &random)) }
        if chance(1, of: 3) {
            let id = Int.random(in: 1...12, using: &random)
            if !nodes.contains(where: { $0.id.description == "n\(id)" }) { nodes.append(try node(id)) }
        }
        if chance(1, of: 20) { nodes.shuffle(using: &random) }
        return try Pool(
            id: old.id,
            algorithm: chance(1, of: 30) ? .leastConnections : old.algorithm,
            monitor: chance(1, of: 30) ? HealthMonitor(kind: .connect, delay: 5, timeout: 5, attempts: 3) : old.monitor,
            persistence: chance(1, of: 30) ? persistence(spoken) : old.persistence,
            proxyProtocol: chance(1, of: 30) ? .v1 : old.proxyProtocol,
            nodes: nodes,
            tls: chance(1, of: 30) ? tls() : old.tls
        )
    }

    private mutating func neighbour(of old: Node) throws -> Node {
        let other = try node(0)
        return try Node(
            id: old.id,
            address: chance(1, of: 3) ? other.address : old.address,
            port: chance(1, of: 4) ? other.port : old.port,
            weight: chance(1, of: 3) ? other.weight : old.weight,
            isBackup: chance(1, of: 12) ? !old.isBackup : old.isBackup,
            condition: chance(1, of: 3) ? other.condition : old.condition,
            check: chance(1, of: 6) ? other.check : old.check,
            connections: chance(1, of: 6) && old.address.name == nil ? other.connections : old.connections
        )
    }

    private mutating func loadBalancer(
        _ spoken: ListenerProtocol,
        id: Identifier? = nil,
        port: Int? = nil
    ) throws -> LoadBalancer {
        let count = spoken == .http ? random.pick([0, 0, 1, 2]) : 0
        let pools = try (0..<count).map { try pool(spoken, id: "p\($0)") }
        let standard = try pool(spoken, id: nil)
        return try LoadBalancer(
            id: id,
            protocol: spoken,
            port: Port(port ?? (spoken == .http ? 8080 : 3306)),
            access: chance(1, of: 2) ? access() : .standard,
            defaultPool: standard,
            pools: pools,
            routing: routing(pools, spoken)
        )
    }

    private mutating func pool(_ spoken: ListenerProtocol, id: String?) throws -> Pool {
        let count = Int.random(in: 0...6, using: &random)
        return try Pool(
            id: id.map { try Identifier($0) },
            algorithm: random.pick([.roundRobin, .sourceIP, .leastConnections]),
            persistence: chance(1, of: 2) ? persistence(spoken) : nil,
            nodes: (0..<count).map { try node($0 + 1) },
            tls: chance(1, of: 3) ? tls() : nil
        )
    }

    private mutating func persistence(_ spoken: ListenerProtocol) throws -> SessionPersistence {
        switch spoken {
        case .http:
            try random.pick([
                .httpCookie(idleSeconds: nil), .httpCookie(idleSeconds: 60), .appCookie(CookieName("SID"), seconds: 60),
                .sourceIP(seconds: 60), .none,
            ])
        case .galera: .none
        default: random.pick([.sourceIP(seconds: 60), .sourceIP(seconds: 90), .none])
        }
    }

    /// One of few, so that a node often has the files of another one.
    private mutating func tls() throws -> PoolTLS {
        let digest = try SHA256Value(String(repeating: random.pick(["a", "b"]), count: 64))
        return try PoolTLS(
            certificate: chance(1, of: 2)
                ? CertificateContainer(id: Identifier("c"), sha256: digest, digest: digest, content: nil) : nil,
            authorities: chance(2, of: 3) ? TrustFile(sha256: digest, pem: nil) : nil,
            serverName: DomainName(random.pick(["one.example.com", "two.example.com"]))
        )
    }

    private mutating func routing(_ pools: [Pool], _ spoken: ListenerProtocol) throws -> Routing {
        guard spoken == .http else { return .none }
        let kinds: [L7Rule.Kind] = [.path, .hostName, .fileType]
        var policies = try pools.compactMap(\.id).enumerated().map { index, id in
            let rule = try L7Rule(
                random.pick(kinds),
                .equalTo,
                key: nil,
                value: L7Value("x"),
                isInverted: chance(1, of: 2)
            )
            return try L7Policy(position: index + 1, action: .redirectToPool(id), rules: [rule], index: index)
        }
        if chance(1, of: 3) {
            policies.append(try L7Policy(position: 1, action: .reject, rules: [], index: policies.count))
        }
        return try Routing(
            policies: policies,
            insertedHeaders: chance(1, of: 4)
                ? InsertedHeaders([random.pick([.forwardedPort, .forwardedProto])]) : nil,
            errorPages: chance(1, of: 4) ? [ErrorPage(status: 503, html: random.pick(["one", "two"]))] : []
        )
    }

    private mutating func node(_ id: Int) throws -> Node {
        let address = chance(1, of: 12) ? "web.example.com" : "10.0.0.\(Int.random(in: 1...6, using: &random))"
        return try Node(
            id: Identifier("n\(id)"),
            address: HostAddress(address),
            port: Port(Int.random(in: 80...82, using: &random)),
            weight: Int.random(in: 0...256, using: &random),
            isBackup: chance(1, of: 5),
            condition: [.enabled, .enabled, .disabled, .draining].randomElement(using: &random) ?? .enabled,
            check: chance(1, of: 4)
                ? NodeCheck(
                    address: chance(1, of: 2) ? IPAddress("10.0.1.\(Int.random(in: 1...2, using: &random))") : nil,
                    port: chance(1, of: 2) ? Port(Int.random(in: 90...91, using: &random)) : nil
                ) : .standard,
            connections: chance(1, of: 4)
                ? NodeConnections(
                    limit: chance(2, of: 3) ? Int.random(in: 1...2, using: &random) : nil,
                    proxyProtocol: chance(1, of: 6) ? .v2 : nil
                ) : .standard
        )
    }

    private mutating func access() throws -> ClientAccess {
        let networks = (0..<4).map { "10.\($0).0.0/16" }.filter { _ in Bool.random(using: &random) }
        let lists = networks.compactMap { IPNetwork($0) }
        return try ClientAccess(
            connectionLimit: chance(1, of: 6) ? 100 : nil,
            allowedNetworks: chance(2, of: 3) && !lists.isEmpty ? lists : nil,
            rateLimit: chance(2, of: 3) ? RateLimit(concurrentConnections: 5, exceptions: lists) : nil
        )
    }

    private mutating func chance(_ part: Int, of whole: Int) -> Bool {
        random.below(whole) < part
    }
}
