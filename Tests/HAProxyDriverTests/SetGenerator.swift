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
        var nodes = try old.nodes.map { chance(1, of: 4) ? try neighbour(of: $0) : $0 }
        if chance(1, of: 3), !nodes.isEmpty { nodes.remove(at: Int.random(in: 0..<nodes.count, using: &random)) }
        if chance(1, of: 3) {
            let id = Int.random(in: 1...12, using: &random)
            if !nodes.contains(where: { $0.id.description == "n\(id)" }) { nodes.append(try node(id)) }
        }
        if chance(1, of: 20) { nodes.shuffle(using: &random) }
        return try LoadBalancer(
            id: old.id,
            protocol: old.protocol == .http || chance(9, of: 10) ? old.protocol : .tcp,
            address: old.address,
            port: chance(1, of: 20) ? Port(Int(old.port.number) + 1) : old.port,
            algorithm: chance(1, of: 20) ? .leastConnections : old.algorithm,
            monitor: chance(1, of: 20) ? HealthMonitor(kind: .connect, delay: 5, timeout: 5, attempts: 3) : old.monitor,
            options: chance(1, of: 20) ? ConnectionOptions(connectRetries: 7) : old.options,
            access: chance(1, of: 8) ? access() : old.access,
            proxyProtocol: chance(1, of: 20) ? .v1 : old.proxyProtocol,
            nodes: nodes
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
        let count = Int.random(in: 0...6, using: &random)
        return try LoadBalancer(
            id: id,
            protocol: spoken,
            port: Port(port ?? (spoken == .http ? 8080 : 3306)),
            algorithm: [.roundRobin, .sourceIP, .leastConnections].randomElement(using: &random) ?? .roundRobin,
            access: chance(1, of: 2) ? access() : .standard,
            nodes: (0..<count).map { try node($0 + 1) }
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
