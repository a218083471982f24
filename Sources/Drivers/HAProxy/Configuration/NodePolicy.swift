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
    /// - Throws: `DriverError` with code `rejected` and the `address` field of the first invalid node.
    func check(_ wanted: LoadBalancerSet, known: (String) -> [IPAddress]) throws(DriverError) {
        let listening = wanted.loadBalancers.flatMap { ListeningAddress.all(of: $0, facts) }
        for (index, loadBalancer) in wanted.loadBalancers.enumerated() {
            for (place, node) in loadBalancer.nodes.enumerated() {
                guard let problem = problem(of: node, listening, known) else { continue }
                let field = LoadBalancerField(loadBalancer: index, node: place, name: "address")
                throw DriverError(.rejected, problem, field: field)
            }
        }
    }

    private func problem(
        of node: Node,
        _ listening: [ListeningAddress],
        _ known: (String) -> [IPAddress]
    ) -> String? {
        let name = node.address.name
        let addresses: [IPAddress]
        switch node.address {
        case .ip(let address): addresses = [address]
        case .name(let name): addresses = known(name)
        }
        for address in addresses where mayBeWrong(address, node, listening) {
            let subject = name.map { "is \($0), which has the address \(address)" } ?? "is \(address)"
            do throws(InvalidValue) { try address.requireNode() } catch { return "\(subject): it \(error.problem)" }
            let octets = address.octets
            if let network = denied.first(where: { $0.contains(address) }) {
                return "\(subject), in the network \(network) of haproxy.denied_nodes"
            }
            if broadcasts.contains(address) { return "\(subject), the broadcast address of a network of this device" }
            guard isLocal(octets) else { continue }
            if let statistics, statistics.port == node.port, statistics.receives(address) {
                return "\(subject); with port \(node.port), that is \(StatisticsAddress.option) of this device"
            }
            if listening.contains(where: { $0.port == node.port && $0.receives(address) }) {
                return
                    "\(subject), an address of this device; with port \(node.port), the load balancer would connect to "
                    + "itself"
            }
        }
        return nil
    }

    /// Whether an address needs the full check: an UPDATE may have thousands of nodes.
    private func mayBeWrong(_ address: IPAddress, _ node: Node, _ listening: [ListeningAddress]) -> Bool {
        guard node.address.name == nil, denied.isEmpty, node.port != statistics?.port else { return true }
        return listening.contains { $0.port == node.port } || broadcasts.contains(address)
    }

    private func isLocal(_ octets: [UInt8]) -> Bool {
        if octets.count == 4, octets[0] == 127 { return true }
        if octets.count == 16, octets[15] == 1, octets.dropLast().allSatisfy({ $0 == 0 }) { return true }
        return local.contains(octets)
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
