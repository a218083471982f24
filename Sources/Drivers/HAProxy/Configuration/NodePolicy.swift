// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// The rules for node addresses: no node is the device itself, and no node is in a denied network.
struct NodePolicy {
    private let denied: [IPNetwork]
    private let statistics: ListeningAddress?
    private let facts: DeviceFacts
    private let local: Set<[UInt8]>
    private let broadcasts: Set<IPAddress>

    /// - Parameter addresses: The addresses of the device.
    init(
        _ configuration: HAProxyConfiguration,
        _ facts: DeviceFacts,
        addresses: [LocalAddresses.Entry] = LocalAddresses.recent()
    ) {
        denied = configuration.settings.deniedNodes
        statistics = configuration.settings.statistics?.address
        self.facts = facts
        local = Set(addresses.compactMap { IPAddress($0.address)?.octets })
        broadcasts = Set(addresses.compactMap { $0.broadcast.flatMap { IPAddress($0) } })
    }

    /// Checks every node.
    ///
    /// - Parameter known: Returns the known addresses of a host name.
    /// - Throws: `DriverError` with code `rejected` and the `address`, `monitor_address` or `source_address` field of the
    ///   first invalid node.
    func check(_ wanted: LoadBalancerSet, known: (String) -> [IPAddress]) throws(DriverError) {
        let listening = wanted.loadBalancers.flatMap { ListeningAddress.all(of: $0, facts) }
        var sources: Set<IPAddress> = []
        for (index, loadBalancer) in wanted.loadBalancers.enumerated() {
            for (pool, place, node) in loadBalancer.placedNodes {
                func field(_ name: String) -> LoadBalancerField {
                    LoadBalancerField(loadBalancer: index, pool: pool, node: place, name: name)
                }
                if let problem = problem(of: node.address, node.port, listening, known) {
                    throw DriverError(.rejected, problem, field: field("address"))
                }
                if node.check != .standard {
                    let address = node.check.address.map(HostAddress.ip) ?? node.address
                    if let problem = problem(of: address, node.check.port ?? node.port, listening, known) {
                        let name = node.check.address == nil ? "monitor_port" : "monitor_address"
                        throw DriverError(.rejected, problem, field: field(name))
                    }
                }
                if let source = node.connections.source, sources.insert(source).inserted, !SourceProbe.isOwn(source) {
                    throw DriverError(
                        .rejected,
                        "is \(source), not an address of this device",
                        field: field("source_address")
                    )
                }
            }
        }
    }

    private func problem(
        of host: HostAddress,
        _ port: Port,
        _ listening: [ListeningAddress],
        _ known: (String) -> [IPAddress]
    ) -> String? {
        let name = host.name
        let addresses: [IPAddress]
        switch host {
        case .ip(let address): addresses = [address]
        case .name(let name): addresses = known(name)
        }
        for address in addresses where name != nil || mayBeWrong(address, port, listening) {
            let subject = name.map { "is \($0), which has the address \(address)" } ?? "is \(address)"
            do throws(InvalidValue) { try address.requireNode() } catch { return "\(subject): it \(error.problem)" }
            let octets = address.octets
            if let network = denied.first(where: { $0.contains(address) }) {
                return "\(subject), in the network \(network) of haproxy.denied_nodes"
            }
            if broadcasts.contains(address) { return "\(subject), the broadcast address of a network of this device" }
            guard isLocal(octets) else { continue }
            if let statistics, statistics.port == port, statistics.receives(address) {
                return "\(subject); with port \(port), that is \(StatisticsAddress.option) of this device"
            }
            if listening.contains(where: { $0.port == port && $0.receives(address) }) {
                return
                    "\(subject), an address of this device; with port \(port), the load balancer would connect to "
                    + "itself"
            }
        }
        return nil
    }

    /// Whether an address needs the full check: an UPDATE may have thousands of nodes.
    private func mayBeWrong(_ address: IPAddress, _ port: Port, _ listening: [ListeningAddress]) -> Bool {
        guard denied.isEmpty, port != statistics?.port else { return true }
        return listening.contains { $0.port == port } || broadcasts.contains(address)
    }

    private func isLocal(_ octets: [UInt8]) -> Bool {
        if octets.count == 4, octets[0] == 127 { return true }
        if octets.count == 16, octets[15] == 1, octets.dropLast().allSatisfy({ $0 == 0 }) { return true }
        return local.contains(octets)
    }
}

extension LoadBalancer {
    /// The nodes of all pools, with the indices of their pools (nil for the default pool) and their own.
    fileprivate var placedNodes: [(pool: Int?, place: Int, node: Node)] {
        let first = nodes.enumerated().map { (pool: Int?.none, place: $0, node: $1) }
        return first
            + pools.enumerated().flatMap { pool, others in
                others.nodes.enumerated().map { (pool: pool, place: $0, node: $1) }
            }
    }
}

extension ListeningAddress {
    /// Whether a connection to `address` and the same port reaches this listener.
    fileprivate func receives(_ address: IPAddress) -> Bool {
        let octets = address.octets
        switch self {
        case .allIPv4: return octets.count == 4
        case .allIPv6: return octets.count == 16
        case .one(let own, _): return own.isUnspecified ? octets.count == own.octets.count : own.octets == octets
        }
    }
}
